/*
 * region.pml: the life of a region, for the model checker spin.
 *
 * A model of src/pages: region.[ch], activity.[ch], region_table.[ch], region_operation.[ch],
 * foreign.[ch], pages_alloc.c, pages_free.c, committed.[ch] and audit.c. Each inline below is named after the
 * function whose steps it takes, in that function's order. One step of the model is one access to
 * an atomic variable, or one request to the system; what happens in one step stands between
 * `d_step {` or `atomic {` and its brace, or is one statement. A loop that swaps a word for one that
 * follows from it alone is one step: only the swap that succeeds counts. Code that only uses a
 * caller's own variables belongs to the access before it. Ghosts (variables and assertions about
 * what the code does not know) are marked so, and take no step.
 *
 * Who runs: CALLERS threads, each of which makes CALLS calls (the first of them FIRST), each time any
 * of the first KINDS kinds of calls at any place, and with FREEZE one of them may be frozen before any
 * of its steps, for good. All orders of their steps are tried, and all of the system's answers;
 * REFUSALS is how often the system may refuse a release.
 *
 * What must hold:
 * - ownership       an operation or a release that has begun reaches no other life of its address:
 *                   `assert_is_mine` at each request; a reader is never told of a region that does
 *                   not hold the address: in `find`.
 * - one winner      between a region's coming to life and its end one claim succeeds (`claimed`), and
 *                   as many regions are gone as releases were told so: in `check_all_is_settled`.
 * - nothing is lost once all calls have returned, the books name exactly the regions that the system
 *                   has, refused releases or not, and each record is live or free: there, too.
 * - exact books     then each committed bit is the system's, and no word of a granule says that an
 *                   operation is under way; and what an auditor finds while it is at rest is there:
 *                   in `look`.
 * - nobody waits    no caller is ever without a step to take, also when another is frozen ("invalid
 *                   end state" would say so); and there is no way round in the graph of all states
 *                   (-DNP: "non-progress cycle"): no loop goes on without another's having got on.
 *
 * What is left out:
 * - One region takes one place of PLACES, and has one page. Operations on different pages meet only
 *   in the word `life`, in that of their granule, and in the count of foreign requests
 *   (`strangers`; in the code, foreign_requests). So one kind of call decommits another page of the
 *   granule. `base` stands for base and size, `block` for block and heap: what is read for a claim.
 * - A range is one granule of one chunk. Those of several are entered and left one by one. That an
 *   operation may enter none of several chunks of which one has no words is as if it had none.
 * - Releases of foreign memory (the second protocol of foreign.h).
 * - The pool hands out any free record in one step, which is more than the stack in pool.c does;
 *   test_pool_frozen is about that stack. Nodes, arrays and the hash table of the ledger are
 *   always there.
 * - Sums (gauges, charges) are changed by atomic additions, of what the bits' own changes say.
 * - An auditor looks once. The second look, which tells, finds no more than the first.
 * - All accesses are sequentially consistent here. The memory orders are checked by the thread
 *   sanitizer, and justified beside the code.
 * - The 16 bits of operations under way do not overflow (REGION_CROWDED).
 *
 * A name that begins with BUG_ plants a bug, one for each thing that the protocol depends on: spin
 * has to find an error then. model.cmake runs all this; CMakeLists.txt says with which figures.
 */

#ifndef CALLERS
#define CALLERS 2
#endif
#ifndef CALLS
#define CALLS 2
#endif
#ifndef FIRST
#define FIRST CALLS
#endif
#ifndef KINDS
#define KINDS 6
#endif
/* Whether any call is an audit, for which alone some things are written. */
#define OBSERVED (KINDS == 6)
#ifndef PLACES
#define PLACES 2
#endif
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef REFUSALS
#define REFUSALS 1
#endif

/* ------------------------------------------------------------------------------------------------
 * region.h: the life word
 * --------------------------------------------------------------------------------------------- */

#define FREE 0
#define LIVE 1
#define RELEASING 2
#define MAKING 3

#define STATE(word) ((word) & 3)
#define ONE_UNDER_WAY 4
#define UNDER_WAY(word) (((word) >> 2) & 15)
#define NO_UNDER_WAY(word) ((word) - UNDER_WAY(word) * ONE_UNDER_WAY)
#define UNSETTLED 64

#ifdef BUG_NO_GENERATION
#define ONE_VERSION 0
#else
#define ONE_VERSION 128
#endif

/* UNSETTLED is cleared. */
#define NEXT_VERSION(word, state) ((word) - STATE(word) - ((word) & UNSETTLED) + (state) + ONE_VERSION)

/* ------------------------------------------------------------------------------------------------
 * activity.h: the words of granules
 * --------------------------------------------------------------------------------------------- */

#define IN_GRANULE(word) ((word) & 15)
#define CROWDED 16
#define ONE_BEGINS (32 + 1)

#define NONE 0 /* of a record's index */

short life[RECORDS + 1]; /* struct region */
byte base[RECORDS + 1];
byte block[RECORDS + 1];
byte sequence[RECORDS + 1];
short unentered[RECORDS + 1]; /* as strangers below: begun, and under way */
bit in_pool[RECORDS + 1]; /* region_table_take and _give */

byte owner[PLACES]; /* struct chunk: owners */
bit has_words[PLACES]; /* struct chunk_pages: whether there is one, */
bit booked[PLACES];    /* its committed bits, */
short activity[PLACES]; /* and its words of granules */

/*
 * struct pages, foreign_requests: in the high bits how many requests for foreign memory have begun,
 * in the low four how many are under way.
 */
short strangers;
#define STRANGER_BEGINS (16 + 1)
#define STRANGERS_UNDER_WAY(word) ((word) & 15)

/* The system. */
byte allocated[PLACES]; /* 0: free; else which reservation it is: never the same twice */
bit committed[PLACES];
byte reservations;
byte refusals = REFUSALS;

/* Ghosts. */
byte stands_for[RECORDS + 1]; /* the reservation that the record is for, while it is in use */
bit claimed[RECORDS + 1];
byte there; /* regions made, less those of which a caller was told that they are released */
byte ended;                   /* callers */
byte frozen = CALLERS;        /* which caller */

#define assert_is_mine(place) assert(allocated[place] == mine)

/* ------------------------------------------------------------------------------------------------
 * Looking: region_table.c
 * --------------------------------------------------------------------------------------------- */

/* holds_in_states: r becomes NONE if the record is not live, or not at the place. */
inline region_covers(place)
{
    do
    :: atomic {
           seen = life[r];
           if
           :: STATE(seen) != LIVE -> r = NONE; seen = 0; break
           :: else
           fi
       }
       read_base = base[r];
       atomic {
           if
           :: life[r] == seen ->
              seen = 0;
              if
              :: read_base != place -> r = NONE
              :: else ->
                 /* Ghost. */
                 assert(base[r] == place && stands_for[r] == allocated[place])
              fi;
              read_base = 0;
              break
           :: else -> read_base = 0
           fi
       }
    od
}

inline region_table_find(place)
{
    r = owner[place];
    if
    :: r != NONE -> region_covers(place)
    :: else
    fi
}

/* ------------------------------------------------------------------------------------------------
 * Operations: region.c
 * --------------------------------------------------------------------------------------------- */

/* begin: r becomes NONE if no operation on the region may begin. */
inline region_begin(place)
{
    seen = life[r];
    do
    :: atomic {
           read_base = base[r];
           if
           :: STATE(seen) != LIVE || read_base != place ->
              r = NONE; seen = 0; read_base = 0; break
           :: else
           fi
       }
       atomic {
           if
           :: life[r] == seen ->
              life[r] = seen + ONE_VERSION + ONE_UNDER_WAY;
              /* Ghost. */
              assert(base[r] == place);
              mine = stands_for[r];
              assert_is_mine(place);
              seen = 0; read_base = 0;
              break
           :: else -> seen = life[r]; read_base = 0
           fi
       }
    od
}

/* region_claim: the same. */
inline region_claim(place)
{
    seen = life[r];
    do
    :: read_base = base[r];
       atomic {
           if
           :: STATE(seen) != LIVE || block[r] != place ->
              r = NONE; seen = 0; read_base = 0; break
           :: else
           fi
       }
       atomic {
           if
#ifdef BUG_TWO_WINNERS
           :: true ->
#else
           :: life[r] == seen ->
#endif
#ifdef BUG_CLAIM_NOT_COUNTED
              life[r] = NEXT_VERSION(seen, RELEASING);
#else
              life[r] = NEXT_VERSION(seen, RELEASING) + ONE_UNDER_WAY;
#endif
              alone = UNDER_WAY(seen) == 0;
              is_claim = true;
              /* Ghost. */
              assert(base[r] == place && read_base == place && !claimed[r]);
              claimed[r] = true;
              mine = stands_for[r];
              assert_is_mine(place);
              seen = 0; read_base = 0;
              break
#ifndef BUG_TWO_WINNERS
           :: else -> seen = life[r]; read_base = 0
#endif
           fi
       }
    od
}

/* region_end: sets `has_ended`. */
inline region_end()
{
    d_step {
        has_ended = STATE(life[r]) == LIVE;
        life[r] = life[r] - (has_ended -> ONE_UNDER_WAY : 0);
        life[r] = life[r] - (has_ended && settles -> life[r] & UNSETTLED : 0);
        settles = false
    }
}

/* region_end_claimed: sets `has_ended` (what the function returns) and `last`. */
inline region_end_claimed()
{
    d_step {
        last = UNDER_WAY(word) == 1;
        has_ended = last || life[r] == word;
        assert(!last || life[r] == word); /* ghost: no other caller changes the word */
        life[r] = life[r] - (has_ended && !last -> ONE_UNDER_WAY : 0);
        word = 0
    }
}

/* region_retire. */
inline region_retire()
{
    word = life[r];
    d_step {
        assert(life[r] == word); /* ghost: no other caller changes the word */
        life[r] = NEXT_VERSION(NO_UNDER_WAY(word), FREE);
        word = 0;
        claimed[r] = false /* ghost */
    }
}

/* region_restore: live, and the caller's operation on it is under way. */
inline region_restore()
{
    word = life[r];
    d_step {
        assert(life[r] == word && UNDER_WAY(word) == 1); /* ghost: no other caller changes the word */
        life[r] = NEXT_VERSION(word, LIVE) + UNSETTLED;
        word = 0;
        settles = true;
        claimed[r] = false /* ghost */
    }
}

/* ------------------------------------------------------------------------------------------------
 * Granules: activity.c
 * --------------------------------------------------------------------------------------------- */

inline enter(place, settling)
{
    d_step {
#ifndef BUG_CROWDED_FORGOTTEN
        activity[place] =
            (settling || IN_GRANULE(activity[place]) -> activity[place] | CROWDED : activity[place]);
#endif
        activity[place] = activity[place] + ONE_BEGINS;
        has_entered = true
    }
}

inline activity_begin(place, settling)
{
    if
    :: has_words[place] -> enter(place, settling)
    :: else
    fi
}

/* leave: sets `has_ended`. */
inline leave(place)
{
    d_step {
#ifdef BUG_LEAVES_BLINDLY
        word = activity[place];
#endif
        has_ended = activity[place] == word;
        word = word - 1;
#ifndef BUG_CROWDED_CLEARED
        if
        :: IN_GRANULE(word) == 0 ->
#endif
           word = word - (word & CROWDED)
#ifndef BUG_CROWDED_CLEARED
        :: else
        fi
#endif
        ;
        activity[place] = (has_ended -> word : activity[place]);
        word = 0
    }
}

/* settle (region_operation.c): the page's bit becomes what the system says. */
inline settle(place)
{
    d_step {
        assert_is_mine(place);
        is_committed = committed[place]
    }
    d_step {
        has_words[place] = has_words[place] || is_committed; /* committed_ensure */
        booked[place] = is_committed;
        is_committed = false
    }
}

/* activity_end: range says whether the page is concerned, or another one of the granule. */
inline activity_end(place, range)
{
#ifndef BUG_WORDS_MISSED
    if
    :: !has_entered && has_words[place] -> enter(place, true)
    :: else
    fi;
#endif
    has_ended = !has_entered;
    do
    :: has_ended -> break
    :: else ->
       word = activity[place]; /* look */
       /* Where a swap has failed before, the granule is crowded. */
#ifndef BUG_NO_SETTLE
       if
       :: (word & CROWDED) && range -> settle(place)
       :: else
       fi;
#endif
       leave(place)
    od;
    has_entered = false
}

/* ------------------------------------------------------------------------------------------------
 * Ending an operation: region_operation.c
 * --------------------------------------------------------------------------------------------- */

inline region_table_give()
{
    d_step {
        assert(!in_pool[r]); /* ghost */
        in_pool[r] = true
    }
}

/* os_free(MEM_RELEASE): `refused`. */
inline os_release(place)
{
    atomic {
        assert_is_mine(place);
        if
        :: refusals > 0 -> refusals--; refused = true
        :: true -> allocated[place] = 0; committed[place] = false; refused = false
        fi
    }
}

/* concern: counts an operation that has not entered. */
inline concern(place, settling)
{
    activity_begin(place, settling);
#if OBSERVED && !defined BUG_UNENTERED_UNSEEN
    if
    :: has_entered
    :: else -> d_step { unentered[r] = unentered[r] + STRANGER_BEGINS; is_unentered = true }
    fi
#endif
}

/*
 * operation_must_settle. It asks the system, and makes words if the page is committed: in one step,
 * because all who commit make them.
 */
inline operation_must_settle(place)
{
    d_step { assert_is_mine(place); has_words[place] = has_words[place] || committed[place] }
    concern(place, true)
}

/* end_claimed: range says whether the page is concerned. */
inline end_claimed(place, range)
{
    has_ended = false;
    do
    :: has_ended -> break
    :: else ->
       word = life[r]; /* region_before_settling */
       if
       :: range -> settle(place)
       :: else
       fi;
       region_end_claimed()
    od
}

/*
 * end_operation: enters says whether it is to be found in the granule's word, range whether the
 * page is concerned.
 */
inline end_operation(place, enters, range)
{
    if
    :: enters -> activity_end(place, range)
    :: else
    fi;
#if OBSERVED
    if
    :: is_unentered -> d_step { unentered[r] = unentered[r] - 1; is_unentered = false }
    :: else
    fi;
#endif
    region_end();
    if
    :: has_ended
    :: else -> end_claimed(place, range)
    fi
}

/*
 * undo_release: the region is live again. `last` tells whether another caller has released it again
 * meanwhile.
 */
inline undo_release(place)
{
#ifndef BUG_RESTORED_UNSETTLED
    settle(place);
#endif
#ifdef BUG_REFUSED_IS_FORGOTTEN
    region_retire()
#else
    region_restore();
#if !defined BUG_REFUSED_IGNORES_STRANGERS && !defined BUG_RESTORED_UNSETTLED
    operation_must_settle(place);
#endif
    end_operation(place, true, true)
#endif
}

/* give_back: to the system. */
inline give_back(place)
{
#ifndef BUG_BITS_AFTER_OS
    booked[place] = false;
#endif
#ifdef BUG_FREE_BEFORE_OS
    region_retire();
    region_table_give();
    os_release(place);
#else
    os_release(place);
    if
    :: refused -> undo_release(place)
    :: else ->
#ifdef BUG_BITS_AFTER_OS
       booked[place] = false;
#endif
#ifdef BUG_GIVEN_BEFORE_FREE
       region_table_give();
       region_retire()
#else
       region_retire();
       region_table_give()
#endif
    fi
#endif
}

/* operation_finish_release. A release of this caller's own is told how the first one ended. */
inline operation_finish_release(place)
{
    do
    :: last = false;
       give_back(place);
       atomic {
           /*
            * Ghost: the caller that claimed the region was told that it is released, unless it is
            * this caller.
            */
           if
           :: is_claim -> is_claim = false; is_refused = refused
           :: else -> there = there + (refused -> 1 : 0)
           fi;
           refused = false
       }
       if
       :: last
       :: else -> break
       fi
    od
}

inline operation_end(place, enters, range)
{
    end_operation(place, enters, range);
    if
    :: last -> operation_finish_release(place)
    :: else
    fi
}

/* foreign_none_since: sets `alone`. */
inline look_for_strangers()
{
    atomic {
        alone = strangers == strangers_before && STRANGERS_UNDER_WAY(strangers_before) == 0;
        strangers_before = 0
    }
}

/* foreign_begin, the request, foreign_end. */
inline forwarded_commit(place)
{
    strangers = strangers + STRANGER_BEGINS;
    committed[place] = committed[place] || allocated[place] != 0;
    region_table_find(place);
    if
    :: r != NONE ->
       region_begin(place); /* region_begin_settling */
       if
       :: r != NONE -> operation_must_settle(place); operation_end(place, true, true)
       :: else
       fi
    :: else
    fi;
    strangers--
}

/* ------------------------------------------------------------------------------------------------
 * Calls: pages_alloc.c, pages_free.c, audit.c
 * --------------------------------------------------------------------------------------------- */

/* region_table_take: r. */
inline region_table_take()
{
    atomic {
        r = NONE;
        if
        :: in_pool[1] -> r = 1
#if RECORDS > 1
        :: in_pool[2] -> r = 2
#endif
#if RECORDS > 2
        :: in_pool[3] -> r = 3
#endif
        :: else
        fi;
        in_pool[r] = false
    }
}

/* region_write and region_make. No call of these distinguishes MAKING from FREE. */
inline region_write(place)
{
    base[r] = place;
    d_step {
#if OBSERVED
        sequence[r] = mine; /* any number that no other region has */
        unentered[r] = 0;
#endif
        block[r] = place;
#ifndef BUG_LIVE_BEFORE_FACTS
        life[r] = NEXT_VERSION(life[r], MAKING)
#endif
    }
}

/* region_publish. */
inline region_publish()
{
    d_step { life[r] = NEXT_VERSION(life[r], LIVE) + ONE_UNDER_WAY + UNSETTLED; settles = true }
}

/* region_table_own: looks whether the place is vacant, and takes it. */
inline region_table_own(place)
{
    atomic { other = r; r = owner[place] }
    if
    :: r != NONE -> region_covers(place)
    :: else
    fi;
    atomic {
        assert(r == NONE); /* REGION_TABLE_CONTRADICTED */
        r = other;
        other = NONE;
        owner[place] = r
    }
}

/* alloc_charged_region. */
inline reserve(place)
{
    strangers_before = strangers; /* foreign_requests */
    region_table_take();
    if
    :: r != NONE ->
       /* os_alloc */
       atomic {
           is_committed = false;
           if
           :: allocated[place] == 0 ->
              reservations++;
              allocated[place] = reservations;
              mine = reservations;
              stands_for[r] = mine; /* ghost */
              there++; /* ghost */
              if
              :: true
              :: true -> is_committed = true
              fi;
              committed[place] = is_committed
           :: else -> mine = 0
           fi
       }
       if
       :: mine == 0 -> region_table_give()
       :: else ->
#ifdef BUG_LIVE_BEFORE_FACTS
          region_publish();
#endif
#ifndef BUG_OWNER_LAST
          region_table_own(place);
#endif
          if
          :: is_committed -> has_words[place] = true /* committed_ensure */
          :: else
          fi;
          region_write(place);
          if
          :: is_committed -> d_step { booked[place] = true; is_committed = false } /* book_pages */
          :: else
          fi;
#ifndef BUG_LIVE_BEFORE_FACTS
          region_publish();
#endif
          /* operation_end_making */
#ifdef BUG_NO_STRANGERS
          alone = true;
#else
          look_for_strangers();
#endif
          if
          :: alone
          :: else -> operation_must_settle(place)
          fi;
          operation_end(place, !alone, !alone);
#ifdef BUG_OWNER_LAST
          region_table_own(place)
#endif
       fi
    :: else
    fi
}

/* alloc_at_address: commits the page, in the region or in foreign memory. */
inline commit(place)
{
    region_table_find(place);
    if
    :: r != NONE ->
#ifdef BUG_COMMIT_NOT_BEGUN
       mine = allocated[place];
#else
       region_begin(place)
#endif
    :: else
    fi;
    if
    :: r != NONE ->
       has_words[place] = true; /* committed_ensure */
#ifdef BUG_ENTERS_LATE
       d_step { assert_is_mine(place); committed[place] = true }
       activity_begin(place, false);
#else
       concern(place, false);
       d_step { assert_is_mine(place); committed[place] = true }
#endif
       booked[place] = true; /* operation_book_commit */
#ifdef BUG_COMMIT_NOT_BEGUN
       activity_end(place, true)
#else
       operation_end(place, true, true)
#endif
    :: else -> forwarded_commit(place)
    fi
}

/* decommit: of the page, or of another page of its granule. */
inline decommit(place, range)
{
    region_table_find(place);
    if
    :: r != NONE -> region_begin(place)
    :: else
    fi;
    if
    :: r != NONE ->
       concern(place, false);
       if
       :: range ->
          d_step { assert_is_mine(place); committed[place] = false }
          booked[place] = false /* operation_book_decommit */
       :: else
       fi;
       operation_end(place, true, range)
    :: else
    fi
}

/* release_under_way. */
inline release_under_way(place)
{
#ifdef BUG_WAITS
    UNDER_WAY(life[r]) == 1;
#endif
#ifdef BUG_SPINS
    do
    :: UNDER_WAY(life[r]) == 1 -> break
    :: else
    od;
#endif
    atomic { assert_is_mine(place); committed[place] = false }
    end_claimed(place, true); /* operation_end_release */
    if
    :: last -> operation_finish_release(place)
    :: else
    fi
}

/* release, release_claimed. */
inline release(place)
{
    region_table_find(place);
    if
    :: r != NONE -> region_claim(place)
    :: else
    fi;
    if
    :: r != NONE ->
#ifdef BUG_NO_HANDOVER
       alone = true;
#endif
       if
       :: alone -> operation_finish_release(place)
       :: else -> release_under_way(place)
       fi;
       atomic { there = there - (is_refused -> 0 : 1); is_refused = false } /* ghost */
    :: else
    fi
}

/* region_is_still: r becomes NONE if it is not. */
inline region_is_still()
{
    d_step {
        r = (STATE(life[r]) == LIVE && sequence[r] == other
#ifndef BUG_AUDIT_IGNORES_UNSETTLED
             && !(life[r] & UNSETTLED)
#endif
             -> r : NONE)
    }
}

/* activity_observe, and those that have not entered: r becomes NONE if an operation is under way. */
inline observe()
{
    d_step {
#ifndef BUG_AUDIT_IGNORES_ACTIVITY
        word = activity[read_base] + has_words[read_base];
#endif
        seen = unentered[r];
        r = (IN_GRANULE(activity[read_base]) == 0 && STRANGERS_UNDER_WAY(seen) == 0 -> r : NONE)
    }
}

/* The same again: r becomes NONE if the words have changed. */
inline observe_again()
{
    d_step {
        r = (unentered[r] == seen
#ifndef BUG_AUDIT_IGNORES_ACTIVITY
             && activity[read_base] + has_words[read_base] == word
#endif
             -> r : NONE)
    }
}

/* look_at: once over the region of a record. What it finds at rest counts. */
inline look()
{
    if
    :: r = 1
#if RECORDS > 1
    :: r = 2
#endif
    fi;
    /* region_read */
    do
    :: atomic {
           seen = life[r];
           if
           :: STATE(seen) != LIVE -> r = NONE; break
           :: else
           fi
       }
       d_step { read_base = base[r]; other = sequence[r] }
       if
       :: life[r] == seen -> seen = 0; break
       :: else
       fi
    od;
    /* begin_part */
    if
    :: r != NONE -> strangers_before = strangers; region_is_still()
    :: else
    fi;
    if
    :: r != NONE -> observe()
    :: else
    fi;
    /* compare_part: not the system's at all, or committed or not. */
    if
    :: r != NONE ->
       d_step { is_committed = committed[read_base]; refused = allocated[read_base] == 0 }
       d_step {
           refused = refused || is_committed != booked[read_base];
           r = (refused -> r : NONE);
           is_committed = false;
           refused = false
       }
    :: else
    fi;
    /* at_rest: region_is_still, those unentered, activity_observe, foreign_none_since. */
#ifndef BUG_AUDIT_LOOKS_LATE
    if
    :: r != NONE -> region_is_still()
    :: else
    fi;
#endif
    if
    :: r != NONE -> observe_again()
    :: else
    fi;
#ifdef BUG_AUDIT_LOOKS_LATE
    if
    :: r != NONE -> region_is_still()
    :: else
    fi;
#endif
    if
    :: r != NONE ->
#ifdef BUG_AUDIT_IGNORES_STRANGERS
       assert(false)
#else
       assert(strangers != strangers_before || STRANGERS_UNDER_WAY(strangers_before) != 0)
#endif
    :: else
    fi
}

/* ------------------------------------------------------------------------------------------------
 * Callers
 * --------------------------------------------------------------------------------------------- */

inline forget()
{
    atomic {
        r = NONE; other = NONE; at = 0; seen = 0; word = 0; read_base = 0; strangers_before = 0;
        alone = 0; is_claim = 0; has_ended = 0; last = 0; is_committed = 0; refused = 0; is_refused = 0;
        has_entered = 0; is_unentered = 0; settles = 0; mine = 0; kind = 0
    }
}

/* A caller whose first call is of that kind. */
proctype caller(byte number; byte calls; byte kind)
{
    byte at, r, other, read_base;
    short seen, word, strangers_before;
    bit alone, is_claim, has_ended, last, is_committed, refused;
    bit has_entered, is_unentered, settles;
    bit is_refused; /* ghost */
    byte mine; /* ghost: the reservation that this caller operates on */

    {
        do
        :: atomic {
               calls > 0 ->
               if
               :: kind == 0 -> select(kind : 1 .. KINDS)
               :: else
               fi;
               calls--;
               if
               :: at = 0
#if PLACES > 1
               :: at = 1
#endif
               fi
           }
           if
           :: kind == 1 -> reserve(at)
           :: kind == 2 -> release(at)
           :: kind == 3 -> commit(at)
           :: kind == 4 -> decommit(at, true)
           :: kind == 5 -> decommit(at, false)
           :: kind == 6 -> look()
           fi;
           forget()
        :: atomic { calls == 0 -> ended++; break }
        od
    } unless { atomic { frozen == number -> ended++ } }
}

#ifdef FREEZE
/* Freezes a caller before any of its steps, or none. */
proctype freezer()
{
    if
    :: atomic { ended < CALLERS -> frozen = 0 }
    :: atomic { ended < CALLERS -> frozen = 1 }
    :: true
    fi
}
#endif

inline check_all_is_settled()
{
    d_step {
        at = 0;
        do
        :: at < PLACES ->
           r = owner[at];
           assert(booked[at] == committed[at] && (has_words[at] || !booked[at]));
           assert(IN_GRANULE(activity[at]) == 0 && !(activity[at] & CROWDED));
           if
           :: allocated[at] != 0 ->
              assert(r != NONE && STATE(life[r]) == LIVE && base[r] == at && block[r] == at);
              assert(stands_for[r] == allocated[at]);
              live++
           :: else -> assert(r == NONE || STATE(life[r]) != LIVE || base[r] != at)
           fi;
           at++
        :: else -> break
        od;
        assert(there == live);
        r = 1;
        do
        :: r <= RECORDS ->
           assert(UNDER_WAY(life[r]) == 0 && !(life[r] & UNSETTLED));
           assert(STRANGERS_UNDER_WAY(unentered[r]) == 0);
           assert(STATE(life[r]) == (in_pool[r] -> FREE : LIVE));
           live = live - (in_pool[r] -> 0 : 1);
           r++
        :: else -> break
        od;
        assert(live == 0 && STRANGERS_UNDER_WAY(strangers) == 0)
    }
}

init
{
    byte at, r, live, kind;

    atomic {
        r = 1;
        do
        :: r <= RECORDS -> in_pool[r] = true; r++
        :: else -> break
        od;
        /* Nothing, a reservation, one with words from before, or a committed one. */
        if
        :: true
        :: true ->
           reservations = 1; there = 1; allocated[0] = 1; stands_for[1] = 1; in_pool[1] = false;
           life[1] = LIVE; owner[0] = 1; sequence[1] = 1;
           if
           :: true
#if CALLERS == 2 && FIRST == CALLS
           :: true -> has_words[0] = true
#endif
           :: true -> has_words[0] = true; committed[0] = true; booked[0] = true
           fi
        fi;
        /*
         * Callers are alike: it does not matter which of them makes which first call, so one order
         * is enough.
         */
        r = 0;
        kind = 1;
        do
        :: r < CALLERS && kind < KINDS -> kind++
        :: r < CALLERS ->
           run caller(r, (r == 0 -> FIRST : CALLS), kind);
           r++;
           kind = (r == 1 && FIRST != CALLS -> 1 : kind)
        :: r == CALLERS -> break
        od;
        kind = 0;
#ifdef FREEZE
        run freezer()
#endif
    }
    ended == CALLERS;
#ifndef FREEZE
    check_all_is_settled()
#endif
}
