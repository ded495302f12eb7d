#include "bench/scenario_matrix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "bench/scenario_keys.h"

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory");
}

/* --- dimensions ------------------------------------------------------------------------------ */

/* A sysctl may be spelled with slashes. */
static bool same_path(const char *a, const char *b)
{
	while (*a && (*a == *b || (strchr("./", *a) && strchr("./", *b) && *b)))
		a++, b++;
	return *a == '\0' && *b == '\0';
}

static struct dim *dim_find(struct unfolding *u, const char *path)
{
	for (size_t i = 0; i < u->dim_count; i++)
		if (same_path(u->dim[i].path, path))
			return &u->dim[i];
	return NULL;
}

static void dim_release(struct dim *d)
{
	free(d->value);
	free(d->text);
	memset(d, 0, sizeof(*d));
}

static void dim_drop(struct unfolding *u, const char *path)
{
	struct dim *d = dim_find(u, path);
	size_t after;

	if (!d)
		return;
	dim_release(d);
	after = (size_t)(&u->dim[u->dim_count--] - (d + 1));
	memmove(d, d + 1, after * sizeof(*d));
	memset(&u->dim[u->dim_count], 0, sizeof(*d));
}

/* "net.ipv4.x" of "tuning.sysctl.net.ipv4.x", else NULL. */
static const char *dim_sysctl(const struct dim *d)
{
	const char *sysctl;

	(void)scenario_key_resolve(d->path, &sysctl); /* the row is known */
	return sysctl;
}

/* The dimension of that path, emptied; a later list replaces an earlier one. */
static int dim_open(struct unfolding *u, const char *path, enum layer layer, struct dim **ret,
		    struct err *err)
{
	struct dim *d = dim_find(u, path);
	const char *sysctl;

	if (strlen(path) >= sizeof(d->path))
		return err_set(err, -EINVAL, "%.100s...: the key is too long", path);
	if (!scenario_key_resolve(path, &sysctl))
		return scenario_key_unknown(path, err);
	if (d) {
		dim_release(d); /* a list of the command line leaves its zip, too */
	} else {
		if (u->dim_count == DIMS_MAX)
			return err_set(err, -EINVAL, "%s: more than %d keys vary", path, DIMS_MAX);
		d = &u->dim[u->dim_count++];
	}
	(void)snprintf(d->path, sizeof(d->path), "%s", path);
	d->key = scenario_key_resolve(path, &sysctl);
	d->layer = layer;
	*ret = d;
	return 0;
}

static int dim_add(struct dim *d, json *node, const char *text, struct err *err)
{
	struct scenario_value *value;

	if (d->count == VALUES_MAX)
		return err_set(err, -EINVAL, "%s: more than %d values", d->path, VALUES_MAX);
	value = realloc(d->value, (d->count + 1) * sizeof(*value));
	if (!value)
		return no_memory(err);
	d->value = value;
	memset(&value[d->count], 0, sizeof(*value));
	value[d->count].node = node;
	value[d->count].text = text;
	d->count++;
	return 0;
}

static bool is_strategy_group(const char *text)
{
	return text && (strcmp(text, "core") == 0 || strcmp(text, "all") == 0);
}

static bool has_text(const struct dim *d, const char *text)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->value[i].text && strcmp(d->value[i].text, text) == 0)
			return true;
	return false;
}

/* "core" and "all" become their rows; each row once. */
static int dim_add_strategy(struct dim *d, json *node, const char *text, struct err *err)
{
	int r = 0;

	if (!is_strategy_group(text))
		return has_text(d, text) ? 0 : dim_add(d, node, text, err);
	for (size_t i = 0; i < strategies_count && r == 0; i++)
		if ((strategies[i].core || text[0] == 'a') && !has_text(d, strategies[i].name))
			r = dim_add(d, NULL, strategies[i].name, err);
	return r;
}

static int dim_add_value(struct dim *d, json *node, const char *text, struct err *err)
{
	if (text && d->key->kind == &scenario_kind_strategy)
		return dim_add_strategy(d, node, text, err);
	return dim_add(d, node, text, err);
}

/* "matrix" (zip 0) or "zip" of the document (1) or of a case (2). */
static int dims_from_lists(struct unfolding *u, json *parent, int zip, struct err *err)
{
	const char *word = zip ? "zip" : "matrix";
	json *matrix = json_get(parent, word);
	int r = 0;

	if (!matrix)
		return 0;
	if (json_type(matrix) != JSON_OBJECT) {
		r = err_set(err, -EINVAL, "%s: must be an object of lists, not %s", word,
			    json_type_name(matrix));
		err_at(err, matrix);
	}
	for (json *list = json_first(matrix); list && r == 0; list = json_next(list)) {
		struct dim *d;

		r = dim_open(u, json_key(list), LAYER_MATRIX, &d, err);
		if (r == 0)
			d->zip = zip;
		if (r == 0 && (json_type(list) != JSON_ARRAY || json_count(list) == 0))
			r = err_set(err, -EINVAL, "%s: must be a list of values, not %s", d->path,
				    json_type(list) == JSON_ARRAY ? "an empty one"
								  : json_type_name(list));
		for (json *n = r == 0 ? json_first(list) : NULL; n && r == 0; n = json_next(n))
			r = dim_add_value(d, n, json_string(n), err);
		if (r < 0) {
			err_at(err, list);
			err_wrap(err, "%s", word);
		}
	}
	return r;
}

/* A value of the command line that is JSON is one value, commas and all. */
static bool is_list(const struct scenario_key *k, const char *value)
{
	if (k && k->kind == &scenario_kind_strategy && is_strategy_group(value))
		return true;
	return strchr(value, ',') && value[0] != '[';
}

static int dims_from_override(struct unfolding *u, const struct override *o, struct err *err)
{
	const char *sysctl;
	struct dim *d;
	int r;

	if (!is_list(scenario_key_resolve(o->key, &sysctl), o->value)) {
		dim_drop(u, o->key);
		return 0;
	}
	r = dim_open(u, o->key, LAYER_OVERRIDE, &d, err);
	if (r < 0)
		return r;
	d->text = strdup(o->value);
	if (!d->text)
		return no_memory(err);
	for (char *p = d->text; p && r == 0;) {
		char *comma = strchr(p, ',');

		if (comma)
			*comma = '\0';
		r = *p ? dim_add_value(d, NULL, p, err)
		       : err_set(err, -EINVAL, "%s: a value of the list is empty", d->path);
		p = comma ? comma + 1 : NULL;
	}
	return r;
}

/* A value the case states itself beats the document's list for that key. */
static void drop_stated(struct unfolding *u)
{
	for (size_t i = u->dim_count; i-- > 0;) {
		const char *sysctl = dim_sysctl(&u->dim[i]);
		json *stated = sysctl ? json_get(json_path(u->node, "tuning.sysctl"), sysctl)
				      : json_path(u->node, u->dim[i].path);

		if (stated)
			dim_drop(u, u->dim[i].path);
	}
}

/* "strategy": "core" varies without a matrix. */
static int dims_from_group(struct unfolding *u, struct err *err)
{
	json *own = json_get(u->node, "strategy");
	const char *text = json_string(own ? own : json_get(u->root, "strategy"));
	struct dim *d;
	int r;

	if (!is_strategy_group(text) || dim_find(u, "strategy"))
		return 0;
	r = dim_open(u, "strategy", own ? LAYER_CASE : LAYER_DOCUMENT, &d, err);
	return r < 0 ? r : dim_add_strategy(d, NULL, text, err);
}

static int find_dims(struct unfolding *u, struct err *err)
{
	int r = dims_from_lists(u, u->root, 0, err);

	if (r == 0)
		r = dims_from_lists(u, u->root, 1, err);
	if (r < 0)
		return r;
	drop_stated(u);
	r = dims_from_lists(u, u->node, 0, err);
	if (r == 0)
		r = dims_from_lists(u, u->node, 2, err);
	if (r == 0)
		r = dims_from_group(u, err);
	for (size_t i = 0; i < u->override_count && r == 0; i++)
		r = dims_from_override(u, &u->override[i], err);
	return r;
}

/* --- layers ---------------------------------------------------------------------------------- */

static int draft_set(struct draft *d, const struct scenario_key *k, const char *sysctl,
		     const struct scenario_value *v, enum layer layer, struct err *err)
{
	int r;

	d->layer[k - scenario_keys] = (uint8_t)layer;
	if (!sysctl)
		return scenario_key_set(k, v, &d->spec, err);
	if (!v->text || (v->node && json_type(v->node) == JSON_BOOL))
		r = err_set(err, -EINVAL, "%s: must be a number or a string, not %s", sysctl,
			    json_type_name(v->node));
	else
		r = scenario_sysctl_set(&d->spec, sysctl, v->text, err);
	if (r < 0) {
		err_at(err, v->node);
		err_wrap(err, "%s", k->path);
	}
	return r;
}

static int draft_presets(struct draft *d, struct err *err)
{
	int r = 0;

	memset(d, 0, sizeof(*d));
	for (size_t i = 0; i < scenario_keys_count && r == 0; i++) {
		const struct scenario_value v = { .text = scenario_keys[i].preset };

		if (v.text)
			r = scenario_key_set(&scenario_keys[i], &v, &d->spec, err);
	}
	return r;
}

/* In the order of the table, not of the document: files before the sysctls that refine them. */
static int draft_apply(struct draft *d, json *object, enum layer layer, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < scenario_keys_count && r == 0; i++) {
		const struct scenario_key *k = &scenario_keys[i];
		struct scenario_value v;

		if (!json_path(object, k->path))
			continue;
		scenario_value_init(&v, json_path(object, k->path));
		if (k->kind != &scenario_kind_strategy || !is_strategy_group(v.text))
			r = draft_set(d, k, NULL, &v, layer, err);
	}
	return r;
}

/* Files come before the matrix, so that a sysctl which varies still does; all else after it. */
static int draft_override(struct draft *d, const struct override *o, bool files, struct err *err)
{
	const struct scenario_value v = { .text = o->value };
	const char *sysctl;
	const struct scenario_key *k = scenario_key_resolve(o->key, &sysctl);

	if (!k)
		return scenario_key_unknown(o->key, err);
	if (is_list(k, o->value) || (k->kind == &scenario_kind_files) != files)
		return 0;
	return draft_set(d, k, sysctl, &v, LAYER_OVERRIDE, err);
}

static int draft_dim(struct draft *d, const struct dim *dim, size_t i, struct err *err)
{
	struct scenario_value v;

	if (dim->value[i].node)
		scenario_value_init(&v, dim->value[i].node);
	else
		v = (struct scenario_value){ .text = dim->value[i].text };
	return draft_set(d, dim->key, dim_sysctl(dim), &v, dim->layer, err);
}

static int find_base(struct unfolding *u, struct err *err)
{
	int r = draft_presets(&u->base, err);

	if (r == 0)
		r = draft_apply(&u->base, u->root, LAYER_DOCUMENT, err);
	if (r == 0)
		r = draft_apply(&u->base, u->node, LAYER_CASE, err);
	for (size_t i = 0; i < u->override_count && r == 0; i++)
		r = draft_override(&u->base, &u->override[i], true, err);
	return r;
}

/* --- cells ----------------------------------------------------------------------------------- */

/* Where the document gave the key its value; NULL: it did not. */
static json *given_at(const struct unfolding *u, const struct draft *d, const size_t *at,
		      const struct scenario_key *k)
{
	switch (d->layer[k - scenario_keys]) {
	case LAYER_DOCUMENT:
		return json_path(u->root, k->path);
	case LAYER_CASE:
		return json_path(u->node, k->path);
	case LAYER_MATRIX:
		for (size_t i = 0; i < u->dim_count; i++)
			if (u->dim[i].key == k)
				return u->dim[i].value[at[i]].node;
		return NULL;
	default:
		return NULL;
	}
}

static int add_cell(struct scenario *s, const struct unfolding *u, const size_t *at,
		    struct err *err)
{
	struct draft d = u->base;
	struct case_spec *c;
	const char *wrong = NULL;
	int r = 0;

	for (size_t i = 0; i < u->dim_count && r == 0; i++)
		r = draft_dim(&d, &u->dim[i], at[i], err);
	for (size_t i = 0; i < u->override_count && r == 0; i++)
		r = draft_override(&d, &u->override[i], false, err);
	if (r == 0)
		r = scenario_case_check(&d.spec, d.layer, &wrong, err);
	if (r < 0) {
		if (wrong)
			err_at(err, given_at(u, &d, at, scenario_key_find(wrong)));
		return r;
	}
	c = &s->cases[s->case_count++];
	*c = d.spec;
	scenario_case_name(s, u, c, at);
	return 0;
}

/* The first of its zip turns; the others follow it. */
static size_t leader(const struct unfolding *u, size_t i)
{
	for (size_t k = 0; u->dim[i].zip && k < i; k++)
		if (u->dim[k].zip == u->dim[i].zip)
			return k;
	return i;
}

/* The last dimension turns fastest. */
static bool next_cell(const struct unfolding *u, size_t *at)
{
	bool more = false;

	for (size_t i = u->dim_count; i-- > 0 && !more;) {
		if (leader(u, i) != i)
			continue;
		more = ++at[i] < u->dim[i].count;
		if (!more)
			at[i] = 0;
	}
	for (size_t i = 0; i < u->dim_count; i++)
		at[i] = at[leader(u, i)];
	return more;
}

static int check_zips(const struct unfolding *u, struct err *err)
{
	for (size_t i = 0; i < u->dim_count; i++) {
		const struct dim *first = &u->dim[leader(u, i)];

		if (u->dim[i].count == first->count)
			continue;
		(void)err_set(err, -EINVAL, "zip: %s has %zu values and %s has %zu", first->path,
			      first->count, u->dim[i].path, u->dim[i].count);
		err_at(err, u->dim[i].value[0].node);
		return -EINVAL;
	}
	return 0;
}

static int unfold(struct scenario *s, const struct unfolding *u, struct err *err)
{
	size_t cells = 1, at[DIMS_MAX] = { 0 };
	struct case_spec *cases;
	int r;

	r = check_zips(u, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < u->dim_count && cells <= SCENARIO_CASES_MAX; i++)
		cells *= leader(u, i) == i ? u->dim[i].count : 1;
	if (cells + s->case_count > SCENARIO_CASES_MAX) {
		json *own = json_get(u->node, "matrix");

		(void)err_set(err, -EINVAL, "matrix: unfolds to more than %d cases",
			      SCENARIO_CASES_MAX);
		err_at(err, own ? own : json_get(u->root, "matrix"));
		return -EINVAL;
	}
	cases = realloc(s->cases, (s->case_count + cells) * sizeof(*cases));
	if (!cases)
		return no_memory(err);
	s->cases = cases;
	do
		r = add_cell(s, u, at, err);
	while (r == 0 && next_cell(u, at));
	return r;
}

int scenario_case_unfold(struct scenario *s, json *root, const char *label, json *node,
			 const struct override *overrides, size_t override_count, struct err *err)
{
	struct unfolding *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return no_memory(err);
	*u = (struct unfolding){ .root = root,
				 .node = node,
				 .label = label,
				 .override = overrides,
				 .override_count = override_count };
	r = find_dims(u, err);
	if (r == 0)
		r = find_base(u, err);
	if (r == 0)
		r = unfold(s, u, err);
	for (size_t i = 0; i < u->dim_count; i++)
		dim_release(&u->dim[i]);
	free(u);
	return r;
}
