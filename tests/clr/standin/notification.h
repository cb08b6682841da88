/*
 * notification.h: the callback by which the host tells the runtime how much memory there is.
 */
#ifndef STANDIN_NOTIFICATION_H
#define STANDIN_NOTIFICATION_H

#include <hostmem/clrhosting.h>

/* The one callback object; it lives as long as the stand-in does. */
ICLRMemoryNotificationCallback *notification_callback(void);

/* How often the callback has been told that state. */
unsigned notification_count(EMemoryAvailable available);

#endif
