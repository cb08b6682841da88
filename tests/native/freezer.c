/*
 * freezer.c: see freezer.h.
 */
#include "freezer.h"

#include "frozen_key.h"

#define OTHER_THREAD 0x2000

static struct {
    bool armed;
    unsigned left; /* moments to go */
    scene_act *other;
    void *scene;
} freezer;

void moment(void); /* interleaved.h */

void moment(void)
{
    uintptr_t frozen = frozen_key;

    if (!freezer.armed || freezer.left--)
        return;
    freezer.armed = false;
    frozen_key = OTHER_THREAD;
    freezer.other(freezer.scene);
    frozen_key = frozen;
}

unsigned perform(const struct play *play)
{
    bool happened = true;
    unsigned moments = 0;

    for (; happened; moments++) {
        void *scene = zeroed(play->size);

        play->set(scene);
        freezer.left = moments;
        freezer.other = play->other;
        freezer.scene = scene;
        freezer.armed = true;
        play->frozen(scene);
        happened = !freezer.armed;
        freezer.armed = false;
        if (happened)
            play->check(scene);
        play->clear(scene);
        free(scene);
    }
    assert_true(moments > 2); /* else there was nothing to be frozen at */
    return moments;
}
