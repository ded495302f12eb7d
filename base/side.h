/*
 * side: which end of a connection.  The client is who connects (sends the SYN), the server who
 * listens.  On `lo` and `lo-alias` both live in one namespace and are told apart by port.
 */
#ifndef TWBENCH_BASE_SIDE_H
#define TWBENCH_BASE_SIDE_H

enum side { SIDE_CLIENT, SIDE_SERVER, SIDE_COUNT };

/* A set of sides, or that it cannot be told.  "none", "client", "server", "both", "unknown". */
enum sides { SIDES_NONE, SIDES_CLIENT, SIDES_SERVER, SIDES_BOTH, SIDES_UNKNOWN, SIDES_COUNT };

const char *side_key(enum side s);
const char *sides_key(enum sides s);
enum sides sides_from_key(const char *key); /* SIDES_COUNT if there is none */

/* 1 if `s` holds `side`, else 0: for sums over connections. */
int sides_has(enum sides s, enum side side);

#endif
