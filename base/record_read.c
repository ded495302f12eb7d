#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/record.h"
#include "base/record_table.h"

#define FILE_MAX_BYTES (512u << 20)
#define EXACT_MAX      (INT64_C(1) << 53)
#define REPEATS_MAX    1000 /* in a document; each may take 1 MB for its histograms */

static int wrong(struct err *err, json *node, const char *want)
{
	return err_set(err, -EINVAL, "not %s (%s)", want, json_type_name(node));
}

/* --- one value ------------------------------------------------------------------------------- */

static int read_int(int64_t *ret, json *node, struct err *err)
{
	if (json_type(node) == JSON_NULL)
		return 0;
	if (!json_int(node, ret))
		return wrong(err, node, "a whole number within 2^53");
	return 0;
}

static int read_real(double *ret, json *node, struct err *err)
{
	double v;

	if (json_type(node) == JSON_NULL)
		return 0;
	if (!json_real(node, &v) || !isfinite(v))
		return wrong(err, node, "a finite number");
	*ret = v;
	return 0;
}

static int read_small(int8_t *ret, json *node, struct err *err)
{
	int64_t v;

	if (!json_int(node, &v) || v < INT8_MIN || v > INT8_MAX)
		return wrong(err, node, "a small whole number");
	*ret = (int8_t)v;
	return 0;
}

/* Is `text` one of the blank-separated `words`? */
static bool one_of(const char *text, const char *words)
{
	size_t len = strlen(text), n;

	for (const char *p = words; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (n == len && memcmp(p, text, n) == 0)
			return true;
	}
	return false;
}

static int read_text(const struct field *f, char *ret, json *node, struct err *err)
{
	const char *s = json_string(node);

	if (json_type(node) == JSON_NULL)
		return 0;
	if (!s)
		return wrong(err, node, "a string");
	if (strlen(s) >= f->size)
		return err_set(err, -EINVAL, "longer than %zu bytes", f->size - 1);
	if (f->words && !one_of(s, f->words))
		return err_set(err, -EINVAL, "'%.40s' is none of: %s", s, f->words);
	memcpy(ret, s, strlen(s) + 1);
	return 0;
}

static int read_string(char **ret, json *node, struct err *err)
{
	const char *s = json_string(node);
	char *copy;

	if (json_type(node) == JSON_NULL)
		return 0;
	if (!s)
		return wrong(err, node, "a string");
	copy = strdup(s);
	if (!copy)
		return err_set(err, -ENOMEM, "no memory");
	free(*ret);
	*ret = copy;
	return 0;
}

static int no_such_word(struct err *err, json *node, const char *what)
{
	const char *s = json_string(node);

	return s ? err_set(err, -EINVAL, "'%.40s' is no %s", s, what)
		 : wrong(err, node, "a string");
}

static int read_word(const struct field *f, void *p, json *node, struct err *err)
{
	const char *s = json_string(node) ? json_string(node) : "";

	if (json_type(node) == JSON_NULL)
		return 0;
	if (f->type == FIELD_SIDES) {
		*(enum sides *)p = sides_from_key(s);
		if (*(enum sides *)p != SIDES_COUNT)
			return 0;
		*(enum sides *)p = SIDES_UNKNOWN;
		return no_such_word(err, node, "set of sides");
	}
	if (f->type == FIELD_OUTCOME) {
		*(enum outcome *)p = outcome_from_key(s);
		return *(enum outcome *)p != OUTCOME_COUNT ? 0 : no_such_word(err, node, "outcome");
	}
	*(enum teardown_class *)p = teardown_class_from_key(s);
	return *(enum teardown_class *)p != TEARDOWN_CLASS_COUNT
		       ? 0
		       : no_such_word(err, node, "teardown class");
}

/* Quantiles and the mean follow from the rest and are not read. */
static int read_hist(const struct field *f, struct hist *h, json *node, struct err *err)
{
	int64_t v = 0;
	int rc;

	if (f->stat == STAT_SUM)
		return read_real(&h->sum_ns, node, err);
	if (f->stat != STAT_COUNT && f->stat != STAT_CLAMPED && f->stat != STAT_MIN &&
	    f->stat != STAT_MAX)
		return 0;
	rc = read_int(&v, node, err);
	if (rc < 0 || json_type(node) == JSON_NULL)
		return rc;
	if (v < 0)
		return err_set(err, -EINVAL, "negative");
	if (f->stat == STAT_COUNT)
		h->total = v;
	else if (f->stat == STAT_CLAMPED)
		h->clamped = v;
	else if (f->stat == STAT_MIN)
		h->min_ns = v;
	else
		h->max_ns = v;
	return 0;
}

/* --- lists ----------------------------------------------------------------------------------- */

static int read_item(const struct field *f, void *object, json *node, struct err *err)
{
	size_t count;
	const struct field *key = scope_fields(f->list->of, &count);
	const char *name = json_key(node);
	void *item;

	if (json_type(node) != JSON_OBJECT)
		return wrong(err, node, "an object");
	item = list_add(f, object);
	if (!item)
		return err_set(err, -ENOMEM, "no memory");
	if (f->type == FIELD_MAP) {
		if (strlen(name) >= key->size)
			return err_set(err, -EINVAL, "the name is longer than %zu bytes",
				       key->size - 1);
		memcpy(field_at_mut(key, item), name, strlen(name) + 1);
	}
	return scope_read(f->list->of, item, node, err);
}

static int read_items(const struct field *f, void *object, json *node, struct err *err)
{
	size_t i = 0;

	if (json_type(node) != (f->type == FIELD_MAP ? JSON_OBJECT : JSON_ARRAY))
		return wrong(err, node, f->type == FIELD_MAP ? "an object" : "an array");
	if (json_count(node) > f->list->max)
		return err_set(err, -EINVAL, "more than %zu", f->list->max);
	for (json *c = json_first(node); c; c = json_next(c), i++) {
		int rc = read_item(f, object, c, err);

		if (rc < 0 && f->type == FIELD_MAP)
			err_wrap(err, "%.60s", json_key(c));
		else if (rc < 0)
			err_wrap(err, "[%zu]", i);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- one scope ------------------------------------------------------------------------------- */

static int read_value(const struct field *f, void *object, json *node, struct err *err)
{
	void *p = field_at_mut(f, object);

	switch (f->type) {
	case FIELD_INT:
		return read_int(p, node, err);
	case FIELD_SMALL:
		return read_small(p, node, err);
	case FIELD_REAL:
		return read_real(p, node, err);
	case FIELD_BOOL:
		return json_bool(node, p) ? 0 : wrong(err, node, "true or false");
	case FIELD_TEXT:
		return read_text(f, p, node, err);
	case FIELD_STRING:
		return read_string(p, node, err);
	case FIELD_KEY:
		return 0; /* taken from the object above */
	case FIELD_HIST:
		return read_hist(f, p, node, err);
	case FIELD_LIST:
	case FIELD_MAP:
		return read_items(f, object, node, err);
	case FIELD_CUSTOM:
		return f->codec->read ? f->codec->read(f, object, node, err) : 0;
	default:
		return read_word(f, p, node, err);
	}
}

/* Follow a dotted path.  *ret is NULL when it is absent; a scalar in its way is an error. */
static int find(json *node, const char *path, json **ret, struct err *err)
{
	char key[64];
	const char *from = path;

	*ret = NULL;
	while (node) {
		size_t len = strcspn(from, ".");

		if (json_type(node) != JSON_OBJECT) {
			int rc = wrong(err, node, "an object");

			err_wrap(err, "%.*s", from > path ? (int)(from - path - 1) : 0, path);
			return rc;
		}
		(void)snprintf(key, sizeof(key), "%.*s", (int)len, from);
		node = json_get(node, key);
		if (from[len] == '\0')
			break;
		from += len + 1;
	}
	*ret = node;
	return 0;
}

/* A histogram's parts must belong together. */
static int check_hist(struct hist *h, struct err *err)
{
	int64_t sum = 0;

	for (size_t i = 0; h->count && i < HIST_BUCKETS; i++) {
		if (h->count[i] > EXACT_MAX - sum)
			return err_set(err, -EINVAL, "the buckets sum to over 2^53");
		sum += h->count[i];
	}
	if (sum != h->total || h->clamped > h->total)
		return err_set(err, -EINVAL, "count is %" PRId64 ", the buckets sum to %" PRId64,
			       h->total, sum);
	if (sum == 0) { /* as HIST_EMPTY has it */
		h->sum_ns = 0;
		h->min_ns = INT64_MAX;
		h->max_ns = 0;
		return 0;
	}
	if (h->min_ns > h->max_ns || h->count[hist_bucket_of(h->min_ns)] == 0 ||
	    h->count[hist_bucket_of(h->max_ns)] == 0)
		return err_set(err, -EINVAL, "min_ns or max_ns is in an empty bucket");
	return 0;
}

static int check_scope(const struct field *f, size_t count, void *object, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (f[i].type != FIELD_HIST || f[i].stat != STAT_COUNT)
			continue;
		if (check_hist(field_at_mut(&f[i], object), err) < 0) {
			err_wrap(err, "%.*s", (int)(strrchr(f[i].path, '.') - f[i].path),
				 f[i].path);
			return -EINVAL;
		}
	}
	return 0;
}

/* "[3]: fault" under "cases" reads "cases[3]: fault". */
static void wrap_path(struct err *err, const char *path)
{
	char rest[sizeof(err->text)];

	if (err->text[0] != '[') {
		err_wrap(err, "%s", path);
		return;
	}
	memcpy(rest, err->text, sizeof(rest));
	(void)snprintf(err->text, sizeof(err->text), "%s%.400s", path, rest);
}

int scope_read(enum field_scope scope, void *object, json *node, struct err *err)
{
	size_t count;
	const struct field *f = scope_fields(scope, &count);

	for (size_t i = 0; i < count; i++) {
		json *value;
		int rc = find(node, f[i].path, &value, err);

		if (rc < 0)
			return rc;
		rc = value ? read_value(&f[i], object, value, err) : 0;
		if (rc < 0) {
			wrap_path(err, f[i].path);
			return rc;
		}
	}
	return check_scope(f, count, object, err);
}

/* --- document -------------------------------------------------------------------------------- */

/* Counted before anything is allocated: a few bytes of "{}," would take a gigabyte. */
static int check_repeats(json *root, struct err *err)
{
	size_t count = 0;

	for (json *c = json_first(json_get(root, "cases")); c; c = json_next(c)) {
		json *repeats = json_get(c, "repeats");

		count += repeats ? json_count(repeats) : 0;
	}
	return count > REPEATS_MAX
		       ? err_set(err, -EINVAL, "cases: more than %d repeats", REPEATS_MAX)
		       : 0;
}

int record_parse(struct record *r, json *root, struct err *err)
{
	int rc;

	if (json_type(root) != JSON_OBJECT)
		return wrong(err, root, "an object");
	if (!json_get(root, "schema"))
		return err_set(err, -EINVAL, "no \"schema\": this is no record of twbench");
	if (check_repeats(root, err) < 0)
		return -EINVAL;
	record_init(r);
	rc = scope_read(SCOPE_RUN, r, root, err);
	if (rc < 0)
		record_release(r);
	return rc;
}

int record_repeat_parse(struct record_repeat *r, json *node, struct err *err)
{
	int rc;

	if (json_type(node) != JSON_OBJECT)
		return wrong(err, node, "an object");
	record_repeat_init(r);
	rc = scope_read(SCOPE_REPEAT, r, node, err);
	if (rc < 0)
		record_repeat_release(r);
	return rc;
}

int record_load(struct record *r, const char *path, struct err *err)
{
	char inside[4096];
	struct stat st;
	json *root;
	int rc;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (snprintf(inside, sizeof(inside), "%s/run.json", path) >= (int)sizeof(inside))
			return err_set(err, -EINVAL, "'%.60s...': the name is too long", path);
		path = inside;
	}
	root = json_parse_file_columns(path, FILE_MAX_BYTES, "cases.repeats.series", err);
	if (!root)
		return -EINVAL;
	rc = record_parse(r, root, err);
	if (rc == 0 && r->case_count == 0) {
		record_release(r);
		rc = err_set(err, -EINVAL, "holds no case, so nothing to show");
	}
	if (rc < 0)
		err_wrap(err, "'%.200s'", path);
	json_free(root);
	return rc;
}
