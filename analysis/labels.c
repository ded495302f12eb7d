#include "analysis/labels.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/record.h"
#include "base/utf8.h"

#define PARTS_MAX 16
#define KEY_MIN 2 /* "r…" still is a hint */

/* "client-fin.rate=200.ip_local_port_range=1-9": the head, then KEY=VALUE after KEY=VALUE. */
struct parts {
	struct {
		const char *text;
		size_t length, key; /* bytes; key: those before '=', 0 in the head */
	} part[PARTS_MAX];
	size_t count;
};

/* A dot within a value or a key ("0.5", "load.rate") parts nothing. */
static bool part_begins(const char *dot)
{
	size_t key = strcspn(dot + 1, ".=");

	return dot[1] >= 'a' && dot[1] <= 'z' && dot[1 + key] == '=';
}

static void split(const char *name, struct parts *p)
{
	memset(p, 0, sizeof(*p));
	p->part[0].text = name;
	p->count = 1;
	for (; *name; name++) {
		if (*name == '.' && part_begins(name) && p->count < PARTS_MAX) {
			p->part[p->count].text = name + 1;
			p->part[p->count++].key = strcspn(name + 1, "=");
		} else {
			p->part[p->count - 1].length++;
		}
	}
}

static bool same_part(const struct parts *a, const struct parts *b, size_t k)
{
	return k < a->count && k < b->count && a->part[k].length == b->part[k].length &&
	       memcmp(a->part[k].text, b->part[k].text, a->part[k].length) == 0;
}

static void leave_out(struct parts *p, size_t k)
{
	memmove(&p->part[k], &p->part[k + 1], (p->count - k - 1) * sizeof(p->part[0]));
	p->count--;
}

/* What all share says nothing; one part always stays. */
static void leave_out_shared(struct parts *p, size_t count)
{
	for (size_t k = p[0].count; k-- > 0;) {
		bool shared = true, last = false;

		for (size_t i = 0; i < count; i++) {
			shared = shared && same_part(&p[0], &p[i], k);
			last = last || p[i].count == 1;
		}
		for (size_t i = 0; shared && !last && i < count; i++)
			leave_out(&p[i], k);
	}
}

/* Characters, one for a cut key's ellipsis and one for each dot between parts. */
static size_t width_of(const struct parts *p, const size_t *key)
{
	size_t chars = p->count - 1;

	for (size_t k = 0; k < p->count; k++)
		chars += p->part[k].length - p->part[k].key + key[k] +
			 (key[k] < p->part[k].key);
	return chars;
}

/* The longest key gives first, and all it can: an ellipsis in every key would tell less. */
static void shorten_keys(const struct parts *p, size_t chars, size_t *key)
{
	for (size_t k = 0; k < p->count; k++)
		key[k] = p->part[k].key;
	for (size_t given = 0; given < p->count; given++) {
		size_t longest = 0, width = width_of(p, key), room;

		for (size_t k = 1; k < p->count; k++)
			if (key[k] > key[longest])
				longest = k;
		if (width <= chars || key[longest] <= KEY_MIN + 1)
			return;
		room = width - chars + 1; /* the ellipsis, too */
		key[longest] = room + KEY_MIN < key[longest] ? key[longest] - room : KEY_MIN;
	}
}

/* With every key as short as it may be. */
static size_t least_width(const struct parts *p)
{
	size_t key[PARTS_MAX];

	for (size_t k = 0; k < p->count; k++)
		key[k] = p->part[k].key > KEY_MIN + 1 ? KEY_MIN : p->part[k].key;
	return width_of(p, key);
}

static void join(const struct parts *p, const size_t *key, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t k = 0; k < p->count && used < size; k++)
		used += (size_t)snprintf(buf + used, size - used, "%s%.*s%s%.*s", k ? "." : "",
					 (int)key[k], p->part[k].text,
					 key[k] < p->part[k].key ? "\u2026" : "",
					 (int)(p->part[k].length - p->part[k].key),
					 p->part[k].text + p->part[k].key);
}

static void write_label(const struct parts *p, size_t chars, struct label *to)
{
	char whole[2 * sizeof(to->text)];
	size_t key[PARTS_MAX];

	shorten_keys(p, chars, key);
	join(p, key, whole, sizeof(whole));
	label_shorten(whole, chars, to->text, sizeof(to->text));
}

static void number(struct label *label, size_t place, size_t chars)
{
	char text[24], head[sizeof(label->text)];

	(void)snprintf(text, sizeof(text), "#%zu", place);
	label_shorten(label->text, chars > strlen(text) ? chars - strlen(text) : 1, head,
		      sizeof(head));
	(void)snprintf(label->text, sizeof(label->text), "%.*s%s",
		       (int)(sizeof(label->text) - sizeof(text)), head, text);
}

/* Those that still read alike end in their place among the cases. */
static void number_twins(struct label *label, size_t count, size_t chars)
{
	for (size_t i = 0; i < count; i++) {
		char read[sizeof(label->text)];
		bool twin = false;

		(void)snprintf(read, sizeof(read), "%s", label[i].text);
		for (size_t k = i + 1; k < count; k++)
			if (strcmp(label[k].text, read) == 0) {
				number(&label[k], k + 1, chars);
				twin = true;
			}
		if (twin)
			number(&label[i], i + 1, chars);
	}
}

/* The names in parts, without what all share unless they `fit`; the caller frees; NULL without memory. */
static struct parts *split_all(const char *const *name, size_t count, bool fit)
{
	struct parts *p = calloc(count ? count : 1, sizeof(*p));

	for (size_t i = 0; p && i < count; i++)
		split(name[i], &p[i]);
	if (p && !fit && count > 1)
		leave_out_shared(p, count);
	return p;
}

static size_t longest_of(const char *const *name, size_t count)
{
	size_t longest = 0;

	for (size_t i = 0; i < count; i++)
		longest = strlen(name[i]) > longest ? strlen(name[i]) : longest;
	return longest;
}

struct label *labels_make(const char *const *name, size_t count, size_t chars)
{
	struct label *label = calloc(count ? count : 1, sizeof(*label));
	struct parts *p = split_all(name, count, longest_of(name, count) <= chars);

	for (size_t i = 0; label && p && i < count; i++)
		write_label(&p[i], chars, &label[i]);
	if (label && p)
		number_twins(label, count, chars);
	if (!p) {
		free(label);
		label = NULL;
	}
	free(p);
	return label;
}

size_t labels_need(const char *const *name, size_t count)
{
	struct parts *p = split_all(name, count, false);
	size_t most = 0;

	for (size_t i = 0; p && i < count; i++)
		most = least_width(&p[i]) > most ? least_width(&p[i]) : most;
	free(p);
	return most;
}

/* Free it; NULL without memory. */
static const char **case_names(const struct record *r)
{
	const char **name = calloc(r->case_count ? r->case_count : 1, sizeof(*name));

	for (size_t i = 0; name && i < r->case_count; i++)
		name[i] = r->cases[i].name;
	return name;
}

struct label *labels_of_cases(const struct record *r, size_t chars)
{
	const char **name = case_names(r);
	struct label *label = name ? labels_make(name, r->case_count, chars) : NULL;

	free(name);
	return label;
}

size_t labels_need_of_cases(const struct record *r)
{
	const char **name = case_names(r);
	size_t need = name ? labels_need(name, r->case_count) : 0;

	free(name);
	return need;
}

static bool is_one_of(const char *const *list, const char *key, size_t length)
{
	for (; *list; list++)
		if (strlen(*list) == length && memcmp(*list, key, length) == 0)
			return true;
	return false;
}

const char *label_rest(const char *name, const char *const *without, char *buf, size_t size)
{
	struct parts p;
	size_t used = 0;

	split(name, &p);
	buf[0] = '\0';
	for (size_t k = 1; k < p.count && used < size; k++)
		if (!is_one_of(without, p.part[k].text, p.part[k].key))
			used += (size_t)snprintf(buf + used, size - used, ", %.*s",
						 (int)p.part[k].length, p.part[k].text);
	return buf;
}

const char *label_shorten(const char *text, size_t chars, char *buf, size_t size)
{
	static const char cut[] = "\u2026";
	size_t kept;

	if (text[utf8_prefix(text, chars)] == '\0') {
		(void)snprintf(buf, size, "%s", text);
		return buf;
	}
	kept = utf8_prefix(text, chars - 1);
	while (kept >= strlen(cut) && memcmp(text + kept - strlen(cut), cut, strlen(cut)) == 0)
		kept -= strlen(cut); /* one is enough */
	(void)snprintf(buf, size, "%.*s%s", (int)kept, text, cut);
	return buf;
}
