#include "bench/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assets.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "base/sha256.h"
#include "bench/scenario_keys.h"

#define SCHEMA_NAME    "twbench.scenario/1"
#define SHIPPED_PREFIX "fixtures/scenarios/"
#define SHIPPED_SUFFIX ".json"
#define TEXT_BYTES_MAX (1024 * 1024)

/* --- unknown keys ---------------------------------------------------------------------------- */

static bool is_word(const char *key, const char *(*word)(size_t i))
{
	for (size_t i = 0; word(i); i++)
		if (strcmp(word(i), key) == 0)
			return true;
	return false;
}

static int check_section(json *section, const char *name, struct err *err)
{
	char path[128];

	if (json_type(section) != JSON_OBJECT)
		return err_set(err, -EINVAL, "%s: must be an object, not %s", name,
			       json_type_name(section));
	for (json *n = json_first(section); n; n = json_next(n)) {
		(void)snprintf(path, sizeof(path), "%s.%s", name, json_key(n));
		if (strchr(json_key(n), '.') || !scenario_key_find(path)) {
			(void)scenario_key_unknown(path, err);
			err_at(err, n);
			return -EINVAL;
		}
	}
	return 0;
}

/* What "matrix" and "zip" name; what they hold is read later. */
static int check_lists(json *lists, struct err *err)
{
	const char *sysctl;

	for (json *n = json_first(lists); n && json_type(lists) == JSON_OBJECT; n = json_next(n)) {
		if (!scenario_key_resolve(json_key(n), &sysctl)) {
			(void)scenario_key_unknown(json_key(n), err);
			err_at(err, n);
			err_wrap(err, "%s", json_key(lists));
			return -EINVAL;
		}
	}
	return 0;
}

/* The keys of the document, or of one case of it. */
static int check_keys(json *object, bool document, struct err *err)
{
	int r = 0;

	for (json *n = json_first(object); n && r == 0; n = json_next(n)) {
		const char *key = json_key(n);

		if (is_word(key, scenario_section_word))
			r = check_section(n, key, err);
		else if (strcmp(key, "matrix") == 0 || strcmp(key, "zip") == 0)
			r = check_lists(n, err);
		else if (document && is_word(key, scenario_meta_word))
			continue;
		else if (strchr(key, '.') && scenario_key_find(key))
			r = err_set(err, -EINVAL, "%s: keys are nested: \"%.*s\": { \"%s\": ... }",
				    key, (int)strcspn(key, "."), key, strchr(key, '.') + 1);
		else if (!scenario_key_find(key))
			r = scenario_key_unknown(key, err);
		if (r < 0)
			err_at(err, n);
	}
	return r;
}

static int check_all_keys(json *root, struct err *err)
{
	json *cases = json_get(root, "cases");
	int r = check_keys(root, true, err);

	for (json *n = r == 0 && cases && json_type(cases) == JSON_OBJECT ? json_first(cases) : NULL; n && r == 0;
	     n = json_next(n)) {
		r = json_type(n) == JSON_OBJECT ? check_keys(n, false, err) : 0;
		if (r < 0)
			err_wrap(err, "cases.%.64s", json_key(n));
	}
	return r;
}

/* --- the document ---------------------------------------------------------------------------- */

struct document {
	json *root;
	const char *text;
	size_t size;
};

static int read_text(json *root, const char *key, char *buf, size_t size, struct err *err)
{
	json *node = json_get(root, key);
	int r = 0;

	if (!node)
		return 0;
	if (!json_string(node))
		r = err_set(err, -EINVAL, "%s: must be a string, not %s", key, json_type_name(node));
	else if (strlen(json_string(node)) >= size)
		r = err_set(err, -EINVAL, "%s: is longer than %zu bytes", key, size - 1);
	if (r < 0)
		err_at(err, node);
	else
		(void)snprintf(buf, size, "%s", json_string(node));
	return r;
}

static int read_expectation(json *n, size_t line, struct scenario *s, struct err *err)
{
	if (!json_string(n))
		return err_set(err, -EINVAL, "expect: must be a list of strings, not of %s",
			       json_type_name(n));
	if (s->expect_count == sizeof(s->expect) / sizeof(s->expect[0]))
		return err_set(err, -EINVAL, "expect: more than %zu expectations", s->expect_count);
	s->expect[s->expect_count] = strdup(json_string(n));
	if (!s->expect[s->expect_count])
		return err_set(err, -ENOMEM, "out of memory");
	s->expect_line[s->expect_count++] = line;
	return 0;
}

static int read_expect(const struct document *d, struct scenario *s, struct err *err)
{
	json *list = json_get(d->root, "expect"), *at = list;
	int r = 0;

	if (!list)
		return 0;
	if (json_type(list) != JSON_ARRAY)
		r = err_set(err, -EINVAL, "expect: must be a list of strings, not %s",
			    json_type_name(list));
	for (json *n = r == 0 ? json_first(list) : NULL; n && r == 0; n = json_next(n)) {
		at = n;
		r = read_expectation(n, json_line_of(d->root, n, d->text, d->size), s, err);
	}
	if (r < 0)
		err_at(err, at);
	return r;
}

/* What stands there is checked where it is applied. */
static int read_tuning_files(json *root, struct scenario *s, struct err *err)
{
	json *files = json_path(root, "tuning.files");
	json *n = json_string(files) ? files : json_first(files);

	for (; n; n = json_string(files) ? NULL : json_next(n)) {
		if (!json_string(n))
			continue;
		if (s->tuning_file_count == sizeof(s->tuning_file) / sizeof(s->tuning_file[0])) {
			(void)err_set(err, -EINVAL, "tuning.files: more than %zu files",
				      s->tuning_file_count);
			err_at(err, n);
			return -EINVAL;
		}
		s->tuning_file[s->tuning_file_count] = strdup(json_string(n));
		if (!s->tuning_file[s->tuning_file_count])
			return err_set(err, -ENOMEM, "out of memory");
		s->tuning_file_count++;
	}
	return 0;
}

static int read_meta(const struct document *d, struct scenario *s, struct err *err)
{
	char schema[32] = SCHEMA_NAME;
	json *root = d->root;
	int r = read_text(root, "schema", schema, sizeof(schema), err);

	if (r == 0 && strcmp(schema, SCHEMA_NAME) != 0) {
		r = err_set(err, -EINVAL, "schema: '%s' is not " SCHEMA_NAME, schema);
		err_at(err, json_get(root, "schema"));
	}
	if (r == 0)
		r = read_text(root, "name", s->name, sizeof(s->name), err);
	if (r == 0)
		r = read_text(root, "summary", s->summary, sizeof(s->summary), err);
	if (r == 0)
		r = read_text(root, "notes", s->notes, sizeof(s->notes), err);
	if (r == 0)
		r = read_expect(d, s, err);
	if (r == 0)
		r = read_tuning_files(root, s, err);
	return r;
}

/* "dir/poll.json" -> "poll" */
static void name_from_label(const char *label, char *buf, size_t size)
{
	const char *slash = strrchr(label, '/');
	const char *base = slash ? slash + 1 : label;

	(void)snprintf(buf, size, "%.*s", (int)strcspn(base, "."), base);
}

static int read_cases(json *root, const struct override *overrides, size_t override_count,
		      struct scenario *s, struct err *err)
{
	json *cases = json_get(root, "cases");
	int r = 0;

	if (!cases)
		return scenario_case_unfold(s, root, NULL, NULL, overrides, override_count, err);
	if (json_type(cases) != JSON_OBJECT || json_count(cases) == 0) {
		r = err_set(err, -EINVAL, "cases: must be an object of cases, not %s",
			    json_type(cases) == JSON_OBJECT ? "an empty one" : json_type_name(cases));
		err_at(err, cases);
	}
	for (json *n = json_first(cases); n && r == 0; n = json_next(n)) {
		if (json_type(n) != JSON_OBJECT)
			r = err_set(err, -EINVAL, "must be an object, not %s", json_type_name(n));
		else if (json_key(n)[0] == '\0')
			r = err_set(err, -EINVAL, "a case has no name");
		if (r < 0)
			err_at(err, n);
		else
			r = scenario_case_unfold(s, root, json_key(n), n, overrides, override_count,
						 err);
		if (r < 0)
			err_wrap(err, "cases.%.64s", json_key(n));
	}
	return r;
}

static int read_document(const struct document *d, const struct override *overrides,
			 size_t override_count, struct scenario *s, struct err *err)
{
	int r;

	if (json_type(d->root) != JSON_OBJECT)
		return err_set(err, -EINVAL, "must be an object, not %s", json_type_name(d->root));
	r = check_all_keys(d->root, err);
	if (r == 0)
		r = read_meta(d, s, err);
	if (r == 0)
		r = read_cases(d->root, overrides, override_count, s, err);
	return r;
}

int scenario_parse(const char *label, const char *text, size_t size,
		   const struct override *overrides, size_t override_count, struct scenario *ret,
		   struct err *err)
{
	struct scenario s = { .case_count = 0 };
	const struct document d = { json_parse(text, size, err), text, size };
	int r = -EINVAL;

	if (d.root) {
		size_t line;

		(void)snprintf(s.label, sizeof(s.label), "%s", label);
		name_from_label(label, s.name, sizeof(s.name));
		(void)sha256_text(text, size, s.sha256);
		r = read_document(&d, overrides, override_count, &s, err);
		line = r < 0 ? json_line_of(d.root, err->at, text, size) : 0;
		if (line > 0)
			err_wrap(err, "line %zu", line);
	}
	json_free(d.root);
	if (r < 0) {
		err_wrap(err, "scenario '%.100s'", label);
		scenario_release(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void scenario_release(struct scenario *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->expect_count; i++)
		free(s->expect[i]);
	for (size_t i = 0; i < s->tuning_file_count; i++)
		free(s->tuning_file[i]);
	free(s->cases);
	memset(s, 0, sizeof(*s));
}

/* --- where it comes from --------------------------------------------------------------------- */

static const struct asset *shipped_asset(size_t i)
{
	for (size_t a = 0; a < assets_count; a++)
		if (strncmp(assets[a].name, SHIPPED_PREFIX, strlen(SHIPPED_PREFIX)) == 0 &&
		    i-- == 0)
			return &assets[a];
	return NULL;
}

/* "close-strategies" of "fixtures/scenarios/close-strategies.json" */
static size_t shipped_stem(const struct asset *a, const char **ret)
{
	*ret = a->name + strlen(SHIPPED_PREFIX);
	return strlen(*ret) - strlen(SHIPPED_SUFFIX);
}

static const struct asset *shipped_find(const char *name)
{
	const struct asset *a;
	const char *stem;

	for (size_t i = 0; (a = shipped_asset(i)) != NULL; i++) {
		size_t len = shipped_stem(a, &stem);

		if (strlen(name) == len && memcmp(stem, name, len) == 0)
			return a;
	}
	return NULL;
}

size_t scenario_shipped_count(void)
{
	size_t n = 0;

	while (shipped_asset(n))
		n++;
	return n;
}

const char *scenario_shipped_name(size_t i, char *buf, size_t size)
{
	const struct asset *a = shipped_asset(i);
	const char *stem = "";
	size_t len = a ? shipped_stem(a, &stem) : 0;

	(void)snprintf(buf, size, "%.*s", (int)len, stem);
	return buf;
}

int scenario_shipped_summary(size_t i, char *buf, size_t size)
{
	const struct asset *a = shipped_asset(i);
	struct err err;
	json *root = a ? json_parse(a->data, a->size, &err) : NULL;
	int r = -EINVAL;

	buf[0] = '\0';
	if (root && json_string(json_get(root, "summary")))
		r = read_text(root, "summary", buf, size, &err);
	json_free(root);
	return r;
}

static int no_such_scenario(const char *name, struct err *err)
{
	char stem[64][64];
	const char *words[64], *near;
	size_t count = 0;

	for (; count < 64 && count < scenario_shipped_count(); count++)
		words[count] = scenario_shipped_name(count, stem[count], sizeof(stem[count]));
	near = num_nearest(name, words, count, sizeof(words[0]));
	if (near)
		return err_set(err, -EINVAL, "no scenario '%.100s' (did you mean '%s'?)", name,
			       near);
	return err_set(
		err, -EINVAL,
		"no scenario '%.100s' (`twbench list scenarios` shows those shipped; a file's "
		"name ends in .json or holds a '/')",
		name);
}

static int read_stream(FILE *in, char **ret, size_t *ret_size, struct err *err)
{
	char *text = malloc(TEXT_BYTES_MAX + 1);
	size_t size;

	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	size = fread(text, 1, TEXT_BYTES_MAX + 1, in);
	if (ferror(in)) {
		free(text);
		return err_set(err, -EINVAL, "cannot be read: %s", strerror(errno));
	}
	if (size > TEXT_BYTES_MAX) {
		free(text);
		return err_set(err, -EINVAL, "is larger than %d bytes", TEXT_BYTES_MAX);
	}
	*ret = text;
	*ret_size = size;
	return 0;
}

static int read_file(const char *path, char **ret, size_t *ret_size, struct err *err)
{
	FILE *in;
	int r;

	if (strcmp(path, "-") == 0)
		return read_stream(stdin, ret, ret_size, err);
	in = fopen(path, "re");
	if (!in)
		return err_set(err, -EINVAL, "cannot be opened: %s", strerror(errno));
	r = read_stream(in, ret, ret_size, err);
	(void)fclose(in); /* only read from */
	return r;
}

static bool is_file_name(const char *name)
{
	size_t len = strlen(name), suffix = strlen(SHIPPED_SUFFIX);

	return strcmp(name, "-") == 0 || strchr(name, '/') ||
	       (len > suffix && strcmp(name + len - suffix, SHIPPED_SUFFIX) == 0);
}

int scenario_load(const char *name, const struct override *overrides, size_t override_count,
		  struct scenario *ret, struct err *err)
{
	const struct asset *a;
	char *text = NULL;
	size_t size = 0;
	int r;

	if (!is_file_name(name)) {
		a = shipped_find(name);
		return a ? scenario_parse(name, a->data, a->size, overrides, override_count, ret,
					  err)
			 : no_such_scenario(name, err);
	}
	r = read_file(name, &text, &size, err);
	if (r < 0)
		err_wrap(err, "scenario '%.100s'", name);
	else
		r = scenario_parse(name, text, size, overrides, override_count, ret, err);
	free(text);
	return r;
}
