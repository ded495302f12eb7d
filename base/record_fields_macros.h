/*
 * record_fields_macros: how a row of the field table is spelled.  Only base/record_fields.c and its
 * .inc files use it.
 *
 * The type of each member is checked by the compiler: INT() of a double does not build.
 */
#ifndef TWBENCH_BASE_RECORD_FIELDS_MACROS_H
#define TWBENCH_BASE_RECORD_FIELDS_MACROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/declared.h"
#include "base/record.h"
#include "base/record_table.h"

#define AT(thing, member, type_)                                                                   \
	offsetof(struct thing, member), sizeof(*_Generic(&((struct thing *)0)->member, type_ *     \
							 : (type_ *)0))

#define INT(thing, member)     FIELD_INT, AT(thing, member, int64_t)
#define SMALL(thing, member)   FIELD_SMALL, AT(thing, member, int8_t)
#define REAL(thing, member)    FIELD_REAL, AT(thing, member, double)
#define BOOL(thing, member)    FIELD_BOOL, AT(thing, member, bool)
#define STRING(thing, member)  FIELD_STRING, AT(thing, member, char *)
#define SIDES(thing, member)   FIELD_SIDES, AT(thing, member, enum sides)
#define OUTCOME(thing, member) FIELD_OUTCOME, AT(thing, member, enum outcome)
#define CLASS(thing, member)   FIELD_CLASS, AT(thing, member, enum teardown_class)
#define HIST(thing, member)    FIELD_HIST, AT(thing, member, struct hist)
#define TEXT(thing, member)                                                                        \
	FIELD_TEXT, offsetof(struct thing, member), sizeof(((struct thing *)0)->member)
#define KEY(thing, member)                                                                         \
	FIELD_KEY, offsetof(struct thing, member), sizeof(((struct thing *)0)->member)
#define WHOLE(kind, thing, member)                                                                 \
	FIELD_##kind, offsetof(struct thing, member), sizeof(((struct thing *)0)->member)
#define NOWHERE FIELD_CUSTOM, 0, 0

/* An ordinary row; null means that the witness was absent. */
#define ROW(scope, path, where, unit, source, meaning, wrong, better)                              \
	{                                                                                          \
		path, SCOPE_##scope, where, unit, source, meaning, wrong, better, NULL, NULL, 0,   \
			NULL, NULL                                                                 \
	}
/* A row that is null for a reason of its own. */
#define ROW_OR(scope, path, where, unit, source, meaning, wrong, better, null_when)                \
	{                                                                                          \
		path, SCOPE_##scope, where, unit, source, meaning, wrong, better, null_when, NULL, \
			0, NULL, NULL                                                              \
	}
#define ROW_WORDS(scope, path, where, source, meaning, wrong, null_when, words)                    \
	{                                                                                          \
		path, SCOPE_##scope, where, "", source, meaning, wrong, 0, null_when, words, 0,    \
			NULL, NULL                                                                 \
	}
#define ROW_STAT(path, where, unit, source, meaning, wrong, better, null_when, stat)               \
	{                                                                                          \
		path, SCOPE_REPEAT, where, unit, source, meaning, wrong, better, null_when, NULL,  \
			stat, NULL, NULL                                                           \
	}
#define ROW_LIST(scope, path, where, source, meaning, wrong, list)                                 \
	{                                                                                          \
		path, SCOPE_##scope, where, "", source, meaning, wrong, 0, NULL, NULL, 0, NULL,    \
			list                                                                       \
	}
#define ROW_CODEC(scope, path, where, unit, source, meaning, wrong, codec, stat)                   \
	{                                                                                          \
		path, SCOPE_##scope, where, unit, source, meaning, wrong, 0, NULL, NULL, stat,     \
			codec, NULL                                                                \
	}

#endif
