/*
 * record_table: what the files that make up the record share and nobody else needs.
 *
 * A scope is one struct of record.h; its rows stand together in record_fields.  All that is done to
 * a record (forget, release, write, read, describe) is a walk over those rows.
 */
#ifndef TWBENCH_BASE_RECORD_TABLE_H
#define TWBENCH_BASE_RECORD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/record.h"

struct err;

/* Where a list lives.  A fixed one is an array in the struct, counted by an int64_t; a heap one is
 * a pointer, counted by a size_t. */
struct field_list {
	enum field_scope of;
	size_t element_size;
	size_t count_offset;
	size_t max; /* more are refused when reading */
	bool heap;
};

/* A value with code of its own.  `object` is the struct of the row's scope. */
struct field_codec {
	void (*write)(const struct field *f, const void *object, struct jsonw *w);
	int (*read)(const struct field *f, void *object, json *node, struct err *err);
	void (*release)(const struct field *f, void *object); /* NULL: nothing to release */
	const char *schema;                                   /* JSON Schema of the value */
	const char *type;                                     /* in a word, for people */
};

/* What FIELD_HIST takes from a histogram. */
enum hist_stat {
	STAT_COUNT,
	STAT_CLAMPED,
	STAT_SUM,
	STAT_MEAN,
	STAT_MIN,
	STAT_MAX,
	STAT_P50,
	STAT_P90,
	STAT_P99,
	STAT_P999
};

extern const struct field_codec codec_schema, codec_tool_name, codec_json, codec_texts,
	codec_classes, codec_buckets, codec_series_time, codec_series_side, codec_why_null;

/* The first row of `scope`; *ret_count of them follow each other. */
const struct field *scope_fields(enum field_scope scope, size_t *ret_count);

static inline const void *field_at(const struct field *f, const void *object)
{
	return (const char *)object + f->offset;
}

static inline void *field_at_mut(const struct field *f, void *object)
{
	return (char *)object + f->offset;
}

/* First element and number of elements of a list row. */
const void *list_items(const struct field *f, const void *object, size_t *ret_count);

/* One more element, all unknown; NULL: no memory or, for a fixed list, no room. */
void *list_add(const struct field *f, void *object);

/* Make every member of the scope unknown; `object` is zeroed first. */
void scope_init(enum field_scope scope, void *object, size_t size);
void scope_release(enum field_scope scope, void *object);

/* NAN when unknown. */
double hist_stat_value(const struct hist *h, enum hist_stat stat);

/* Is the value of the row null, and why. */
bool field_is_null(const struct field *f, const void *object);
const char *field_why_null(const struct field *f, const void *object);

/* The objects that are open: "a", "b" for a row "a.b.c". */
#define PATH_DEPTH_MAX 4
struct path {
	const char *part[PATH_DEPTH_MAX];
	size_t len[PATH_DEPTH_MAX];
	int depth;
};
typedef void path_step(struct jsonw *w, const char *key);

/* Close the objects that row `dotted` is no longer in, open those it is newly in. */
void path_move(struct path *at, const char *dotted, struct jsonw *w, path_step *open,
	       path_step *close);

void scope_write(enum field_scope scope, const void *object, struct jsonw *w);
int scope_read(enum field_scope scope, void *object, json *node, struct err *err);

#endif
