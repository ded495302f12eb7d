/*
 * json: strict reading (cJSON behind it; no other file includes cJSON.h) and exact writing.
 *
 * Reading: comments are blanked first, so an error still names line and column; trailing text,
 * duplicate keys, NaN, nesting over 64 and bytes that are no UTF-8 are refused; lookups are
 * case-sensitive; integers are exact below 2^53 and refused from there on (2^53 + 1 reads as 2^53).  Writing is our own and
 * streams: 64-bit integers never pass through a double, and a NaN or infinity is written as null.
 */
#ifndef TWBENCH_BASE_JSON_H
#define TWBENCH_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct cJSON;

/* A node of a parsed document.  Borrowed from it; valid until json_free. */
typedef const struct cJSON json; /* the one typedef: it keeps cJSON's name out of every other file */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Parse `size` bytes.  Free with json_free.  NULL with *err "line 3, column 7: ..." otherwise. */
json *json_parse(const char *text, size_t size, struct err *err);

/* Read and parse a whole file (at most max_bytes); "-" is standard input.  NULL with *err. */
json *json_parse_file(const char *path, size_t max_bytes, struct err *err);
void json_free(json *root);

/*
 * The same for texts with millions of numbers: below the keys `under` ("a.b"; arrays between them do
 * not count) a flat array of plain whole numbers takes 8 bytes for each.  Such a column has a type
 * and a count, but no children: it is read with json_ints() only.
 */
json *json_parse_columns(const char *text, size_t size, const char *under, struct err *err);
json *json_parse_file_columns(const char *path, size_t max_bytes, const char *under,
			      struct err *err);

enum json_type json_type(json *node);
const char *json_type_name(json *node); /* "a string", "an object", ... for messages */

json *json_get(json *object, const char *key);        /* NULL if absent or not an object */
json *json_path(json *object, const char *dotted);    /* "a.b.c"; NULL as above */
json *json_first(json *parent);                       /* first child of an array or object */
json *json_next(json *child);
const char *json_key(json *child);                    /* its key in its object, NULL in an array */
size_t json_count(json *parent);

const char *json_string(json *node);                  /* NULL unless a string */
bool json_int(json *node, int64_t *ret);              /* false unless whole and below 2^53 in size */
bool json_real(json *node, double *ret);
bool json_bool(json *node, bool *ret);

/* The whole numbers of an array one after the other, column or not. */
struct json_ints {
	const int64_t *value, *end; /* of a column */
	json *next;                 /* of any other array */
};
struct json_ints json_ints(json *array);
/* False at the end, and at what json_int() refuses: then `next` is that node. */
bool json_ints_next(struct json_ints *i, int64_t *ret);

/* The line in the text that json_parse read, from 1, of a node below `root`: that of its key, if it
 * has one.  0: there is none; `part` is only compared. */
size_t json_line_of(json *root, const void *part, const char *text, size_t size);

/* cJSON's version, static. */
const char *json_library_version(void);

/* --- writing ------------------------------------------------------------------------------- */

/*
 * A document being written to `out` (not owned).  Commas, quotes and indentation are its work.
 * Errors stick in the FILE; check ferror/fclose once at the end.  Depth is at most JSONW_DEPTH.
 */
#define JSON_DEPTH 64                /* of a text that is read */
#define JSONW_DEPTH (32 + JSON_DEPTH) /* room for a copied text inside our own */

struct jsonw {
	FILE *out;
	int depth;
	bool first[JSONW_DEPTH + 1];
	bool flat[JSONW_DEPTH + 1]; /* this level is written on one line */
	bool after_key;
	bool broken; /* by jsonw_break() */
};

void jsonw_init(struct jsonw *w, FILE *out);
void jsonw_object(struct jsonw *w);       /* { */
void jsonw_object_flat(struct jsonw *w);  /* { ... } on one line */
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_array_flat(struct jsonw *w);
void jsonw_array_end(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_string(struct jsonw *w, const char *s); /* NULL is written as null; bad UTF-8 as U+FFFD */
void jsonw_int(struct jsonw *w, int64_t v);
void jsonw_real(struct jsonw *w, double v);        /* shortest text that reads back as v */
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
void jsonw_node(struct jsonw *w, json *node);      /* copy a parsed value */
void jsonw_break(struct jsonw *w);                 /* no memory for a value: no reader takes the text */
void jsonw_end(struct jsonw *w);                   /* the final newline */

#endif
