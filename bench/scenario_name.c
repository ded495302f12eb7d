#include <stdio.h>
#include <string.h>

#include "bench/scenario_matrix.h"

struct name {
	char *buf;
	size_t size, used;
};

/* Only what is safe in a file name; the rest becomes '-'. */
static void name_add(struct name *n, const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._=+-";

	for (; *text && n->used + 1 < n->size; text++) {
		bool hidden = n->used == 0 && (*text == '.' || *text == '-');

		n->buf[n->used++] = hidden ? '_' : strchr(safe, *text) ? *text : '-';
	}
	n->buf[n->used] = '\0';
}

static const char *short_path(const struct unfolding *u, const struct dim *d)
{
	const char *dot = strrchr(d->path, '.');

	for (size_t i = 0; dot && i < u->dim_count; i++) {
		const char *other = strrchr(u->dim[i].path, '.');

		if (&u->dim[i] != d && strcmp(other ? other + 1 : u->dim[i].path, dot + 1) == 0)
			return d->path;
	}
	return dot ? dot + 1 : d->path;
}

static void name_add_dim(struct name *n, const struct unfolding *u, const struct dim *d, size_t i)
{
	struct scenario_value v = { .text = d->value[i].text };
	char text[128];
	size_t len;

	if (d->value[i].node)
		scenario_value_init(&v, d->value[i].node);
	if (v.text)
		(void)snprintf(text, sizeof(text), "%s",
			       strrchr(v.text, '/') && d->key->kind == &scenario_kind_files
				       ? strrchr(v.text, '/') + 1
				       : v.text);
	else
		(void)snprintf(text, sizeof(text), "%zu", i + 1);
	len = strlen(text);
	if (len > 2 && strcmp(text + len - 2, "/s") == 0)
		text[len - 2] = '\0';
	name_add(n, ".");
	name_add(n, short_path(u, d));
	name_add(n, "=");
	name_add(n, text);
}

static bool name_is_taken(const struct scenario *s, const struct case_spec *c)
{
	for (size_t i = 0; i < s->case_count; i++)
		if (&s->cases[i] != c && strcmp(s->cases[i].name, c->name) == 0)
			return true;
	return false;
}

void scenario_case_name(const struct scenario *s, const struct unfolding *u, struct case_spec *c,
			const size_t *at)
{
	/* Room for a number that tells namesakes apart. */
	struct name n = { c->name, sizeof(c->name) - 8, 0 };
	bool strategy_varies = false;

	for (size_t i = 0; i < u->dim_count; i++)
		strategy_varies |= u->dim[i].key->kind == &scenario_kind_strategy;
	if (u->label) {
		name_add(&n, u->label);
		if (strategy_varies)
			name_add(&n, ".");
	}
	if (!u->label || strategy_varies)
		name_add(&n, c->strategy->name);
	for (size_t i = 0; i < u->dim_count; i++)
		if (u->dim[i].key->kind != &scenario_kind_strategy)
			name_add_dim(&n, u, &u->dim[i], at[i]);
	for (int twin = 2; name_is_taken(s, c); twin++)
		(void)snprintf(c->name + n.used, sizeof(c->name) - n.used, "-%d", twin);
}
