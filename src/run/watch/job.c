/*
 * job.c: the system ends what is in a job when the last handle of the job is closed, by whatever
 * end of the process that has it.
 *
 * There is a job only where it is asked for: collectors of .NET look at their job's limits instead
 * of the machine's memory, even if the job has none.
 */
#include "run/watch/job.h"

#include <stdbool.h>

static bool set_limits(HANDLE job, DWORD flags)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags = flags};

    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits));
}

HANDLE job_begin(HANDLE process)
{
    HANDLE job = CreateJobObjectW(NULL, NULL);
    DWORD error;

    if (!job)
        return NULL;
    if (set_limits(job, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) &&
        AssignProcessToJobObject(job, process))
        return job;
    error = GetLastError();
    CloseHandle(job);
    SetLastError(error);
    return NULL;
}

void job_end(HANDLE job)
{
    if (!job)
        return;
    set_limits(job, 0);
    CloseHandle(job);
}
