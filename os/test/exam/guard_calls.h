/* guard_calls.h - the calls that can be made of a guarded heap; its verbs are told in
 * os/guard/guard.h. */
#pragma once

#include <stdint.h>

/*
 * A layout is two arguments, size and align. `site` says who calls: objects of one site are of one
 * place in the report of leaks, "site N". Wrong writes are made by the examiner, from outside.
 *
 * A report panics, when it has been written to the desk.
 */
enum guard_call {
    GUARD_INIT,    /* desk, start of the heap, its size: 1 or 0 */
    GUARD_ALLOC,   /* size, align, site: an address or 0 */
    GUARD_DEALLOC, /* block, size, align, site */
    GUARD_REALLOC, /* block, size, align, new size, site: an address or 0 */
    GUARD_LOOK,    /* block, size, align: guarded_check */
    GUARD_SEARCH,  /* guarded_invariants_hold: 1 or 0 */
    GUARD_LEAKS,   /* guard_report_leaks; the lines are on the desk */
    GUARD_STATS,   /* figures are on the desk */
};

enum guard_report {
    REPORT_NONE,
    REPORT_FREE,   /* a wrong free; `result` tells why */
    REPORT_BROKEN, /* a byte around or in an object was written to */
    REPORT_HEADER, /* what should be a header is none */
};

enum { GUARD_SITES = 16, GUARD_TEXT = 4096 };

/* Memory that the examiner sees. */
struct guard_desk {
    uint64_t header;           /* bytes of a struct guard_object */
    uint64_t quarantine_bytes; /* QUARANTINE_BYTES */
    uint64_t report;           /* an enum guard_report */
    uint64_t result;           /* an enum free_result */
    uint64_t address;          /* that was found, or was to be freed */
    uint64_t object;           /* where the object starts that it has to do with; 0: none */
    uint64_t is_freed;         /* that object is in the quarantine */
    uint64_t allocated;        /* the site that allocated it */
    uint64_t freed;            /* the site that freed it, if it is freed */
    uint64_t live;             /* objects, by guarded_stats */
    uint64_t used;             /* bytes with guards, by guarded_stats */
    uint64_t quarantined;      /* bytes with guards, in the quarantine */
    char text[GUARD_TEXT];
};
