#include "capture/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

/* netstat is 5 KB on Linux 6.18; a file that outgrows this is an error, not a cut. */
#define COUNTER_FILE_MAX 65536

/* --- words of a line ------------------------------------------------------------------------ */

struct word {
	const char *text;
	size_t size;
};

/* The next word before `end`, *at moved behind it; size 0 at the end of the line. */
static struct word next_word(const char **at, const char *end)
{
	const char *p = *at;
	struct word w;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	w.text = p;
	while (p < end && *p != ' ' && *p != '\t')
		p++;
	w.size = (size_t)(p - w.text);
	*at = p;
	return w;
}

static bool word_is(struct word w, const char *text)
{
	return w.size == strlen(text) && memcmp(w.text, text, w.size) == 0;
}

static bool word_to_int(struct word w, int64_t *ret)
{
	bool negative = w.size > 0 && w.text[0] == '-';
	size_t i = negative ? 1 : 0;
	int64_t v = 0;

	if (i == w.size)
		return false;
	for (; i < w.size; i++) {
		int digit = w.text[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, digit, &v)) /* downwards: INT64_MIN has no positive */
			return false;
	}
	if (!negative && v == INT64_MIN)
		return false;
	*ret = negative ? v : -v;
	return true;
}

static const char *line_end(const char *p)
{
	return p + strcspn(p, "\n");
}

/* --- pairs of lines: names, then values ----------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct counter *)a)->name, ((const struct counter *)b)->name);
}

/* Room for `more` counters after the ones there are. */
static int reserve(struct counter_set *s, size_t more)
{
	struct counter *item = realloc(s->item, (s->count + more) * sizeof(*item));

	if (!item)
		return -ENOMEM;
	s->item = item;
	return 0;
}

/* One counter from its prefix ("TcpExt:"), its name and its value. */
static bool counter_make(struct counter *c, struct word prefix, struct word name, struct word value)
{
	size_t head = prefix.size - 1; /* without the colon */

	if (head + name.size >= sizeof(c->name) || !word_to_int(value, &c->value))
		return false;
	memset(c->name, 0, sizeof(c->name));
	memcpy(c->name, prefix.text, head);
	memcpy(c->name + head, name.text, name.size);
	return true;
}

static int parse_pair(const char *names, const char *names_end, const char *values,
		      const char *values_end, struct counter_set *into, struct err *err)
{
	struct word prefix = next_word(&names, names_end), again = next_word(&values, values_end);
	struct word name, value;

	if (prefix.size < 2 || prefix.text[prefix.size - 1] != ':')
		return err_set(err, -EINVAL, "a line that does not begin with 'Word:'");
	if (again.size != prefix.size || memcmp(again.text, prefix.text, prefix.size) != 0)
		return err_set(err, -EINVAL, "'%.*s' has names but no values", (int)prefix.size,
			       prefix.text);
	/* Every counter takes at least a blank and a letter of its line. */
	if (reserve(into, (size_t)(names_end - names) / 2 + 1) < 0)
		return err_set(err, -ENOMEM, "no memory for counters");
	for (;;) {
		name = next_word(&names, names_end);
		value = next_word(&values, values_end);
		if (name.size == 0 || value.size == 0)
			break;
		if (!counter_make(&into->item[into->count], prefix, name, value))
			return err_set(err, -EINVAL, "'%.*s' %.*s: '%.*s' is no counter",
				       (int)prefix.size, prefix.text, (int)name.size, name.text,
				       (int)value.size, value.text);
		into->count++;
	}
	if (name.size != value.size)
		return err_set(err, -EINVAL, "'%.*s' has %s names than values", (int)prefix.size,
			       prefix.text, name.size ? "more" : "fewer");
	return 0;
}

/* Parse all pairs of `text` into an empty set, in the order of the text. */
static int parse_all(const char *text, struct counter_set *into, struct err *err)
{
	for (int line = 1; *text; line += 2) {
		const char *names_end = line_end(text);
		const char *values = *names_end ? names_end + 1 : names_end;
		const char *values_end = line_end(values);
		int r = parse_pair(text, names_end, values, values_end, into, err);

		if (r < 0) {
			err_wrap(err, "line %d", line);
			return r;
		}
		text = *values_end ? values_end + 1 : values_end;
	}
	return 0;
}

/* Move the counters of `from` into `into`, sorted; refuses names that are there twice. */
static int merge(struct counter_set *into, const struct counter_set *from, struct err *err)
{
	struct counter_set sum = { 0 };

	if (from->count == 0)
		return 0;
	if (reserve(&sum, into->count + from->count) < 0)
		return err_set(err, -ENOMEM, "no memory for counters");
	if (into->count > 0)
		memcpy(sum.item, into->item, into->count * sizeof(*sum.item));
	memcpy(sum.item + into->count, from->item, from->count * sizeof(*sum.item));
	sum.count = into->count + from->count;
	qsort(sum.item, sum.count, sizeof(*sum.item), compare_names);
	for (size_t i = 1; i < sum.count; i++) {
		if (strcmp(sum.item[i - 1].name, sum.item[i].name) == 0) {
			int r = err_set(err, -EINVAL, "'%s' is there twice", sum.item[i].name);

			counter_set_release(&sum);
			return r;
		}
	}
	counter_set_release(into);
	*into = sum;
	return 0;
}

int counter_parse_pairs(const char *text, struct counter_set *into, struct err *err)
{
	struct counter_set fresh = { 0 };
	int r = parse_all(text, &fresh, err);

	if (r == 0)
		r = merge(into, &fresh, err);
	counter_set_release(&fresh);
	return r;
}

void counter_set_release(struct counter_set *s)
{
	if (!s)
		return;
	free(s->item);
	*s = (struct counter_set){ 0 };
}

int64_t counter_get(const struct counter_set *s, const char *name)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(name, s->item[mid].name);

		if (order == 0)
			return s->item[mid].value;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return INT64_MIN;
}

int64_t counter_parse_pair(const char *text, const char *line, const char *field)
{
	while (*text) {
		const char *names = text, *names_end = line_end(text);
		const char *values = *names_end ? names_end + 1 : names_end;
		const char *values_end = line_end(values);

		if (word_is(next_word(&names, names_end), line) &&
		    word_is(next_word(&values, values_end), line)) {
			struct word name, value;
			int64_t v;

			do {
				name = next_word(&names, names_end);
				value = next_word(&values, values_end);
			} while (name.size > 0 && !word_is(name, field));
			return name.size > 0 && word_to_int(value, &v) ? v : INT64_MIN;
		}
		text = *values_end ? values_end + 1 : values_end;
	}
	return INT64_MIN;
}

/* --- sockstat ------------------------------------------------------------------------------- */

int64_t counter_parse_sockstat(const char *text, const char *line, const char *field)
{
	while (*text) {
		const char *end = line_end(text), *at = text;

		if (word_is(next_word(&at, end), line)) {
			struct word name = next_word(&at, end), value = next_word(&at, end);
			int64_t v;

			while (value.size > 0 && !word_is(name, field)) {
				name = next_word(&at, end);
				value = next_word(&at, end);
			}
			return word_to_int(value, &v) ? v : INT64_MIN;
		}
		text = *end ? end + 1 : end;
	}
	return INT64_MIN;
}

/* --- files ---------------------------------------------------------------------------------- */

/* Read all of `fd` from its beginning into buf, NUL at the end.  0 or negative errno. */
static int read_whole(int fd, char *buf, size_t size)
{
	size_t used = 0;

	for (;;) {
		ssize_t n = pread(fd, buf + used, size - used, (off_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		used += (size_t)n;
		if (used == size)
			return -EFBIG;
		if (n == 0)
			break;
	}
	buf[used] = '\0';
	return 0;
}

static int open_net(const char *path, int *ret_fd, struct err *err)
{
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? err_errno(err, "open '%s'", path) : 0;
}

int counter_files_open(struct counter_files *f, struct err *err)
{
	int r;

	*f = (struct counter_files){ .snmp = -1, .netstat = -1, .sockstat = -1 };
	r = open_net("/proc/thread-self/net/snmp", &f->snmp, err);
	if (r == 0)
		r = open_net("/proc/thread-self/net/netstat", &f->netstat, err);
	if (r == 0)
		r = open_net("/proc/thread-self/net/sockstat", &f->sockstat, err);
	if (r < 0)
		counter_files_close(f);
	return r;
}

void counter_files_close(struct counter_files *f)
{
	if (!f)
		return;
	if (f->snmp >= 0)
		(void)close(f->snmp); /* read-only: nothing to lose */
	if (f->netstat >= 0)
		(void)close(f->netstat);
	if (f->sockstat >= 0)
		(void)close(f->sockstat);
	*f = (struct counter_files){ .snmp = -1, .netstat = -1, .sockstat = -1 };
}

static int read_pairs(int fd, const char *name, char *buf, struct counter_set *into,
		      struct err *err)
{
	int r = read_whole(fd, buf, COUNTER_FILE_MAX);

	if (r < 0)
		return err_set(err, r, "cannot read '%s': %s", name, strerror(-r));
	r = counter_parse_pairs(buf, into, err);
	if (r < 0)
		err_wrap(err, "'%s'", name);
	return r == -EINVAL ? -EPROTO : r; /* a file we cannot read is not the user's to mend */
}

int counter_set_read(const struct counter_files *f, struct counter_set *ret, struct err *err)
{
	struct counter_set set = { 0 };
	char *buf = malloc(COUNTER_FILE_MAX);
	int r;

	if (!buf)
		return err_set(err, -ENOMEM, "no memory to read counters");
	r = read_pairs(f->snmp, "/proc/net/snmp", buf, &set, err);
	if (r == 0)
		r = read_pairs(f->netstat, "/proc/net/netstat", buf, &set, err);
	if (r == 0)
		*ret = set;
	else
		counter_set_release(&set);
	free(buf);
	return r;
}

int counter_read_sockstat(const struct counter_files *f, int64_t *ret_tw, int64_t *ret_inuse)
{
	char buf[4096];
	int64_t tw, inuse;
	int r = read_whole(f->sockstat, buf, sizeof(buf));

	if (r < 0)
		return r;
	tw = counter_parse_sockstat(buf, "TCP:", "tw");
	inuse = counter_parse_sockstat(buf, "TCP:", "inuse");
	if (tw < 0 || inuse < 0)
		return -EPROTO;
	*ret_tw = tw;
	*ret_inuse = inuse;
	return 0;
}

int counter_read_in_segs(const struct counter_files *f, int64_t *ret)
{
	char buf[8192];
	int64_t segments;
	int r = read_whole(f->snmp, buf, sizeof(buf));

	if (r < 0)
		return r;
	segments = counter_parse_pair(buf, "Tcp:", "InSegs");
	if (segments < 0)
		return -EPROTO;
	*ret = segments;
	return 0;
}
