#include "base/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/jsoncolumn.h"
#include "base/jsonscan.h"
#include "base/roomy.h"

/* --- duplicate keys ------------------------------------------------------------------------ */

struct keyed {
	const char *key;
	size_t order;
	json *node;
};

static int keyed_compare(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

/* The first key of `object` that was there already goes to *ret.  Sorted: a hostile text may hold
 * a million keys.  Returns 0 or -ENOMEM. */
static int repeated_here(json *object, json **ret)
{
	size_t count = json_count(object), i = 0;
	struct keyed *keys;

	if (!cJSON_IsObject(object) || count < 2)
		return 0;
	keys = calloc(count, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (json *c = json_first(object); c; c = json_next(c), i++)
		keys[i] = (struct keyed){ .key = json_key(c), .order = i, .node = c };
	qsort(keys, count, sizeof(*keys), keyed_compare);
	for (i = 1; i < count && !*ret; i++)
		if (strcmp(keys[i - 1].key, keys[i].key) == 0)
			*ret = keys[i].node;
	free(keys);
	return 0;
}

/* As above for a whole tree; it is at most JSON_DEPTH deep. */
static int repeated_below(json *node, json **ret)
{
	int r = repeated_here(node, ret);

	for (json *c = json_first(node); c && r == 0 && !*ret; c = json_next(c))
		r = repeated_below(c, ret);
	return r;
}

/* Count keys in the order of the text until `wanted` is met. */
static bool count_keys(json *node, json *wanted, size_t *count)
{
	for (json *c = json_first(node); c; c = json_next(c)) {
		if (c == wanted)
			return true;
		*count += json_key(c) ? 1 : 0;
		if (count_keys(c, wanted, count))
			return true;
	}
	return false;
}

/* Count nodes in the order of the text until `part` is met. */
static bool count_nodes(json *node, const void *part, size_t *count)
{
	for (json *c = json_first(node); c; c = json_next(c)) {
		if (c == part)
			return true;
		++*count;
		if (count_nodes(c, part, count))
			return true;
	}
	return false;
}

size_t json_line_of(json *root, const void *part, const char *text, size_t size)
{
	size_t nth = 0;

	return part && count_nodes(root, part, &nth) ? jsonscan_line(text, size, nth) : 0;
}

static int refuse_repeated_keys(json *root, const char *text, size_t size, struct err *err)
{
	json *repeated = NULL;
	char what[128];
	size_t nth = 0;

	if (repeated_below(root, &repeated) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (!repeated)
		return 0;
	(void)count_keys(root, repeated, &nth);
	(void)snprintf(what, sizeof(what), "key '%.64s' appears twice", json_key(repeated));
	return jsonscan_key_fault(text, size, nth, what, err);
}

/* --- reading ------------------------------------------------------------------------------- */

/* A column hangs where cJSON keeps the text of a string, and frees it: an array has none. */
static const struct json_column *column_of(json *node)
{
	return cJSON_IsArray(node) ? (const void *)node->valuestring : NULL;
}

/* Put the columns back where the scan left its mark; both are in the order of the text. */
static void restore_columns(cJSON *node, struct jsonscan_rest *rest, size_t *next)
{
	for (cJSON *c = node->child; c; c = c->next)
		restore_columns(c, rest, next);
	if (!cJSON_IsString(node) || strcmp(node->valuestring, JSONSCAN_COLUMN) != 0)
		return;
	free(node->valuestring);
	node->type = cJSON_Array;
	node->valuestring = (char *)rest->column[*next];
	rest->column[(*next)++] = NULL;
}

json *json_parse_columns(const char *text, size_t size, const char *under, struct err *err)
{
	struct jsonscan_rest rest = { .under = under, .text = malloc(size + 1) };
	size_t next = 0;
	cJSON *root = NULL;

	if (!rest.text) {
		(void)err_set(err, -ENOMEM, "out of memory");
		goto out;
	}
	if (jsonscan_check(text, size, &rest, err) < 0)
		goto out;
	rest.text[rest.size] = '\0';
	root = cJSON_ParseWithLengthOpts(rest.text, rest.size + 1, NULL, true);
	if (!root) {
		(void)err_set(err, -ENOMEM, "out of memory"); /* of a text that passed the scan */
		goto out;
	}
	restore_columns(root, &rest, &next);
	if (refuse_repeated_keys(root, text, size, err) < 0) {
		json_free(root);
		root = NULL;
	}
out:
	for (size_t i = 0; i < rest.count; i++)
		free(rest.column[i]);
	free(rest.column);
	free(rest.text);
	return root;
}

json *json_parse(const char *text, size_t size, struct err *err)
{
	return json_parse_columns(text, size, NULL, err);
}

/* Read until the end or until `size` bytes are there.  Returns the count or a negative errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(fd, buf + have, size - have);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

json *json_parse_file(const char *path, size_t max_bytes, struct err *err)
{
	return json_parse_file_columns(path, max_bytes, NULL, err);
}

json *json_parse_file_columns(const char *path, size_t max_bytes, const char *under,
			      struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	json *root = NULL;
	ssize_t size;

	if (fd < 0) {
		(void)err_errno(err, "open '%s'", path);
		goto out;
	}
	text = roomy_malloc(max_bytes + 1); /* untouched pages cost nothing */
	if (!text) {
		(void)err_set(err, -ENOMEM, "out of memory");
		goto out;
	}
	size = read_all(fd, text, max_bytes + 1);
	if (size < 0)
		(void)err_set(err, (int)size, "cannot read '%s': %s", path, strerror((int)-size));
	else if ((size_t)size > max_bytes)
		(void)err_set(err, -EINVAL, "'%s' is larger than %zu bytes", path, max_bytes);
	else if (!(root = json_parse_columns(text, (size_t)size, under, err)))
		err_wrap(err, "'%.200s'", path);
out:
	free(text);
	if (fd >= 0 && !standard)
		(void)close(fd); /* only read from */
	return root;
}

void json_free(json *root)
{
	cJSON_Delete((cJSON *)(uintptr_t)root); /* const was our own promise */
}

static const struct {
	int cjson;
	enum json_type type;
} types[] = {
	{ cJSON_NULL, JSON_NULL },     { cJSON_False, JSON_BOOL },    { cJSON_True, JSON_BOOL },
	{ cJSON_Number, JSON_NUMBER }, { cJSON_String, JSON_STRING }, { cJSON_Array, JSON_ARRAY },
	{ cJSON_Object, JSON_OBJECT },
};

static const char *const type_names[] = {
	[JSON_NULL] = "null",       [JSON_BOOL] = "true or false", [JSON_NUMBER] = "a number",
	[JSON_STRING] = "a string", [JSON_ARRAY] = "an array",     [JSON_OBJECT] = "an object",
};

enum json_type json_type(json *node)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].cjson == (node->type & 0xff))
			return types[i].type;
	return JSON_NULL;
}

const char *json_type_name(json *node)
{
	return type_names[json_type(node)];
}

static json *find(json *object, const char *key, size_t length)
{
	if (!cJSON_IsObject(object))
		return NULL;
	for (json *c = json_first(object); c; c = json_next(c))
		if (strncmp(c->string, key, length) == 0 && c->string[length] == '\0')
			return c;
	return NULL;
}

json *json_get(json *object, const char *key)
{
	return find(object, key, strlen(key));
}

json *json_path(json *object, const char *dotted)
{
	for (;;) {
		size_t length = strcspn(dotted, ".");

		object = find(object, dotted, length);
		if (!object || dotted[length] == '\0')
			return object;
		dotted += length + 1;
	}
}

json *json_first(json *parent)
{
	return parent ? parent->child : NULL;
}

json *json_next(json *child)
{
	return child->next;
}

const char *json_key(json *child)
{
	return child->string;
}

size_t json_count(json *parent)
{
	const struct json_column *column = column_of(parent);
	size_t count = column ? column->count : 0;

	for (json *c = json_first(parent); c; c = json_next(c))
		count++;
	return count;
}

const char *json_string(json *node)
{
	return cJSON_IsString(node) ? node->valuestring : NULL;
}

bool json_int(json *node, int64_t *ret)
{
	const double limit =
		9007199254740992.0; /* 2^53: from here on neighbours are not told apart */

	if (!cJSON_IsNumber(node) || !(node->valuedouble > -limit && node->valuedouble < limit) ||
	    (double)(int64_t)node->valuedouble < node->valuedouble ||
	    (double)(int64_t)node->valuedouble > node->valuedouble)
		return false;
	*ret = (int64_t)node->valuedouble;
	return true;
}

struct json_ints json_ints(json *array)
{
	const struct json_column *column = column_of(array);

	if (!column)
		return (struct json_ints){ .next = json_first(array) };
	return (struct json_ints){ .value = column->value, .end = column->value + column->count };
}

bool json_ints_next(struct json_ints *i, int64_t *ret)
{
	if (i->value < i->end) {
		*ret = *i->value++;
		return true;
	}
	if (!i->next || !json_int(i->next, ret))
		return false;
	i->next = json_next(i->next);
	return true;
}

bool json_real(json *node, double *ret)
{
	if (!cJSON_IsNumber(node))
		return false;
	*ret = node->valuedouble;
	return true;
}

bool json_bool(json *node, bool *ret)
{
	if (!cJSON_IsBool(node))
		return false;
	*ret = cJSON_IsTrue(node);
	return true;
}

const char *json_library_version(void)
{
	return cJSON_Version();
}
