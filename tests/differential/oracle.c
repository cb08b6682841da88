/*
 * oracle.c: see oracle.h.
 */
#include "oracle.h"

/* ------------------------------------------------------------------------------------------------
 * The one rule
 * --------------------------------------------------------------------------------------------- */

static bool is_inside(const struct world_region *region, const struct step *step)
{
    return step->size <= region->begin + region->size - step->offset;
}

static bool is_owned_free(const struct world_region *region, const struct step *step)
{
    /* Of what lies inside, Win32 judges the address, the size and the type. */
    return region && region->owned && is_inside(region, step);
}

bool oracle_refuses(struct world *world, const struct step *step)
{
    return step->kind == STEP_FREE && !is_owned_free(world_find(world, step), step);
}

struct answer oracle_answer(struct world *world, const struct step *step)
{
    if (oracle_refuses(world, step))
        return (struct answer){
            .given = true, .hr = HOST_E_INVALIDOPERATION, .last_error = ERROR_INVALID_ADDRESS};
    return answer_of(world, &world->theirs, step);
}

/* ------------------------------------------------------------------------------------------------
 * What the answer means
 * --------------------------------------------------------------------------------------------- */

/* Memory was handed out where no region was known: now there is one. */
static void learn_alloc(struct world *world, const struct step *step, const struct answer *answer)
{
    bool at_null = step->place == PLACE_ANYWHERE;
    struct step told = *step;
    struct world_region *region;

    if (at_null) {
        world_add(world, step, world->theirs.made[step->made]);
        return;
    }
    told.offset = (uintptr_t)answer->figures[0];
    region = world_find(world, &told);
    if (!region)
        world_add(world, step, world_address(&world->theirs, &told));
    else if (!region->owned && (step->type & MEM_COMMIT) && step->kind == STEP_ALLOC &&
             !(step->type & (MEM_RESET | MEM_RESET_UNDO)))
        world->books.foreign_commits++;
    if (step->place == PLACE_WINDOW && (step->type & MEM_RESET))
        world_note_reset(world, step->offset, step->size);
}

void oracle_learn(struct world *world, const struct step *step, const struct answer *answer)
{
    if (answer->hr == HOST_E_INVALIDOPERATION)
        world->books.refused_frees++;
    if (answer->hr != S_OK)
        return;
    switch (step->kind) {
    case STEP_ALLOC:
    case STEP_ALLOC_ALIEN:
        learn_alloc(world, step, answer);
        break;
    case STEP_FREE:
    case STEP_FREE_ALIEN:
        if (step->type == MEM_RELEASE)
            world_remove(world, world_find(world, step));
        break;
    case STEP_WRITE:
        world_note_write(world, step->offset);
        break;
    default:
        break;
    }
}
