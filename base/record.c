#include "base/record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hist.h"
#include "base/record_table.h"

/* --- making every member unknown ------------------------------------------------------------- */

static void forget(const struct field *f, void *object)
{
	void *p = field_at_mut(f, object);

	switch (f->type) {
	case FIELD_INT:
		*(int64_t *)p = RECORD_NONE;
		break;
	case FIELD_REAL:
		*(double *)p = NAN;
		break;
	case FIELD_SIDES:
		*(enum sides *)p = SIDES_UNKNOWN;
		break;
	case FIELD_OUTCOME:
		*(enum outcome *)p = OUTCOME_COUNT;
		break;
	case FIELD_CLASS:
		*(enum teardown_class *)p = TEARDOWN_CLASS_COUNT;
		break;
	case FIELD_HIST: /* one row of several */
		*(struct hist *)p = HIST_EMPTY;
		break;
	default: /* zero is unknown, or empty */
		break;
	}
}

void scope_init(enum field_scope scope, void *object, size_t size)
{
	size_t count;
	const struct field *f = scope_fields(scope, &count);

	memset(object, 0, size);
	for (size_t i = 0; i < count; i++)
		forget(&f[i], object);
}

/* --- lists ----------------------------------------------------------------------------------- */

static size_t list_count(const struct field_list *l, const void *object)
{
	const char *at = (const char *)object + l->count_offset;
	int64_t fixed;

	if (l->heap)
		return *(const size_t *)(const void *)at;
	fixed = *(const int64_t *)(const void *)at;
	if (fixed <= 0)
		return 0;
	return (uint64_t)fixed > l->max ? l->max : (size_t)fixed;
}

const void *list_items(const struct field *f, const void *object, size_t *ret_count)
{
	const void *p = field_at(f, object);

	*ret_count = list_count(f->list, object);
	return f->list->heap ? *(const void *const *)p : p;
}

/* Room for one more.  A heap list grows by doubling: its capacity is the power of two above. */
static void *list_room(const struct field *f, void *object, size_t count)
{
	const struct field_list *l = f->list;
	void *p = field_at_mut(f, object), *items;

	if (!l->heap)
		return count < l->max ? (char *)p + count * l->element_size : NULL;
	items = *(void **)p;
	if ((count & (count - 1)) == 0) {
		items = realloc(items, (count ? 2 * count : 1) * l->element_size);
		if (!items)
			return NULL;
		*(void **)p = items;
	}
	return (char *)items + count * l->element_size;
}

void *list_add(const struct field *f, void *object)
{
	const struct field_list *l = f->list;
	char *counter = (char *)object + l->count_offset;
	void *item = list_room(f, object, list_count(l, object));

	if (!item)
		return NULL;
	scope_init(l->of, item, l->element_size);
	if (l->heap)
		++*(size_t *)(void *)counter;
	else
		++*(int64_t *)(void *)counter;
	return item;
}

static void list_release(const struct field *f, void *object)
{
	size_t count;
	const char *items = list_items(f, object, &count);
	char *own = f->list->heap ? *(void **)field_at_mut(f, object) : field_at_mut(f, object);

	for (size_t i = 0; items && i < count; i++)
		scope_release(f->list->of, own + i * f->list->element_size);
	if (f->list->heap)
		free(own);
}

/* --- releasing ------------------------------------------------------------------------------- */

void scope_release(enum field_scope scope, void *object)
{
	size_t count;
	const struct field *f = scope_fields(scope, &count);

	for (size_t i = 0; i < count; i++) {
		if (f[i].type == FIELD_STRING)
			free(*(char **)field_at_mut(&f[i], object));
		else if (f[i].type == FIELD_LIST || f[i].type == FIELD_MAP)
			list_release(&f[i], object);
		else if (f[i].type == FIELD_HIST && f[i].stat == STAT_COUNT)
			hist_release(field_at_mut(&f[i], object));
		else if (f[i].type == FIELD_CUSTOM && f[i].codec->release)
			f[i].codec->release(&f[i], object);
	}
}

/* --- public ---------------------------------------------------------------------------------- */

void record_init(struct record *r)
{
	scope_init(SCOPE_RUN, r, sizeof(*r));
}

void record_release(struct record *r)
{
	if (!r)
		return;
	scope_release(SCOPE_RUN, r);
	memset(r, 0, sizeof(*r));
}

void record_repeat_init(struct record_repeat *r)
{
	scope_init(SCOPE_REPEAT, r, sizeof(*r));
}

void record_repeat_release(struct record_repeat *r)
{
	if (!r)
		return;
	scope_release(SCOPE_REPEAT, r);
	memset(r, 0, sizeof(*r));
}

struct record_case *record_add_case(struct record *r)
{
	return list_add(record_field_find(SCOPE_RUN, "cases"), r);
}

struct record_repeat *record_add_repeat(struct record_case *c)
{
	return list_add(record_field_find(SCOPE_CASE, "repeats"), c);
}

struct record_expectation *record_add_expectation(struct record *r)
{
	return list_add(record_field_find(SCOPE_RUN, "expectations"), r);
}

struct record_tuning *record_add_tuning(struct record *r)
{
	return list_add(record_field_find(SCOPE_RUN, "tuning"), r);
}

struct record_effect *record_add_effect(struct record *r)
{
	return list_add(record_field_find(SCOPE_RUN, "effects"), r);
}

void record_clear_expectations(struct record *r)
{
	list_release(record_field_find(SCOPE_RUN, "expectations"), r);
	r->expectation = NULL;
	r->expectation_count = 0;
}

int record_add_warning(struct record *r, const char *text)
{
	char **grown, *copy;

	for (size_t i = 0; i < r->warning_count; i++)
		if (strcmp(r->warning[i], text) == 0)
			return 0;
	copy = strdup(text);
	grown = copy ? realloc(r->warning, (r->warning_count + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		free(copy);
		return -ENOMEM;
	}
	r->warning = grown;
	r->warning[r->warning_count++] = copy;
	return 0;
}

int64_t record_counter_delta(const struct record_repeat *r, enum side side, const char *name)
{
	const struct record_counters *c = &r->counters[side];

	if (c->count ==
	    0) /* a namespace where every counter is 0 does not exist: RtoAlgorithm is 1 */
		return RECORD_NONE;
	for (size_t i = 0; i < c->count; i++) {
		const struct record_counter *k = &c->item[i];

		if (strcmp(k->name, name) == 0)
			return k->before == RECORD_NONE || k->after == RECORD_NONE
				       ? RECORD_NONE
				       : k->after - k->before;
	}
	return 0;
}
