#include "bench/variants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "bench/scenario_keys.h"

static void drop(struct case_spec *c, const char *key)
{
	for (int64_t i = 0; i < c->sysctl_count; i++)
		if (strcmp(c->sysctl[i].key, key) == 0) {
			memmove(&c->sysctl[i], &c->sysctl[i + 1],
				(size_t)(c->sysctl_count - i - 1) * sizeof(c->sysctl[0]));
			c->sysctl_count--;
			return;
		}
}

/* "net.ipv4.tcp_tw_reuse" -> "tcp_tw_reuse", or the whole key where two end alike. */
static void name_setting(struct variant_setting *all, size_t count, size_t i)
{
	const char *leaf = strrchr(all[i].sysctl.key, '.');
	bool unique = leaf != NULL;

	for (size_t k = 0; unique && k < count; k++) {
		const char *other = strrchr(all[k].sysctl.key, '.');

		if (k != i && other && strcmp(leaf, other) == 0)
			unique = false;
	}
	(void)snprintf(all[i].name, sizeof(all[i].name), "%.63s",
		       unique ? leaf + 1 : all[i].sysctl.key);
}

/* One variant of a case: which settings it has. */
struct variant {
	const char *name;
	bool all;
	const struct variant_setting *only; /* NULL: none, or all */
};

static int make_case(struct case_spec *to, const struct case_spec *base, const struct variant *v,
		     const struct variant_setting *setting, size_t count, struct err *err)
{
	int code = 0;

	*to = *base;
	to->exhaustion_expected = to->failures_expected = true;
	if (snprintf(to->name, sizeof(to->name), "%s.%s", v->name, base->name) >=
	    (int)sizeof(to->name))
		return err_set(err, -EINVAL, "case '%s': the name is too long", base->name);
	for (size_t i = 0; i < count; i++)
		if (setting[i].own)
			drop(to, setting[i].sysctl.key);
	for (size_t i = 0; i < count && code == 0; i++)
		if (v->all || v->only == &setting[i])
			code = scenario_sysctl_set(to, setting[i].sysctl.key,
						   setting[i].sysctl.value, err);
	return code;
}

int variants_unfold(struct scenario *s, struct variant_setting *setting, size_t count, bool alone,
		    struct err *err)
{
	size_t per_case = 2 + (alone ? count : 0), made = 0;
	struct case_spec *cases = NULL;
	int code = 0;

	if (s->case_count * per_case > SCENARIO_CASES_MAX)
		return err_set(err, -EINVAL, "%zu cases in %zu variants are more than %d",
			       s->case_count, per_case, SCENARIO_CASES_MAX);
	cases = calloc(s->case_count * per_case, sizeof(*cases));
	if (!cases)
		return err_set(err, -ENOMEM, "no memory for %zu cases", s->case_count * per_case);
	for (size_t i = 0; alone && i < count; i++)
		name_setting(setting, count, i);
	for (size_t i = 0; i < s->case_count && code == 0; i++)
		for (size_t k = 0; k < per_case && code == 0; k++) {
			struct variant v = { .name = k == 0 ? VARIANT_PLAIN : VARIANT_TUNED,
					     .all = k == 1 };

			if (k >= 2) {
				v.only = &setting[k - 2];
				v.name = v.only->name;
			}
			code = make_case(&cases[made++], &s->cases[i], &v, setting, count, err);
		}
	if (code < 0) {
		free(cases);
		return code;
	}
	free(s->cases);
	s->cases = cases;
	s->case_count = made;
	return 0;
}
