/* Rules on values: what the kernel refuses, what it takes and means otherwise. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analysis/lint_match.h"
#include "analysis/lint_value.h"
#include "analysis/sysctl_keys.h"

/* --- in general ---------------------------------------------------------------------------------- */

static bool is_number_key(const struct sysctl_key *k)
{
	return k && (k->value == VALUE_INT || k->value == VALUE_INTS);
}

LINT_LINE(match_refused)
{
	const struct sysctl_key *k = sysctl_key_find(line->key);
	const char *rest = line->value;
	int64_t v = 0;
	bool octal;

	(void)l;
	if (!is_number_key(k))
		return false;
	for (int i = 0; i < (k->value == VALUE_INT ? 1 : 3); i++) {
		if (i > 0 && rest[strspn(rest, " \t")] == '\0')
			return false;
		if (!value_number(&rest, &v, &octal))
			return lint_say(f, "%s = %s: the kernel answers \"Invalid argument\"",
					line->key, line->value[0] ? line->value : "(nothing)");
		if (v < k->low || v > k->high)
			break;
	}
	if (v >= k->low && v <= k->high)
		return false;
	return lint_say(f, "%s = %s: the kernel takes %" PRId64 " to %" PRId64 " only", line->key,
			line->value, k->low, k->high);
}

LINT_LINE(match_meaningless)
{
	const struct sysctl_key *k = sysctl_key_find(line->key);
	int64_t v;

	(void)l;
	if (!is_number_key(k) || !k->meant || !value_first(line->value, &v) || v < k->low ||
	    v > k->high || (v >= k->sane_low && v <= k->sane_high))
		return false;
	if (k->sane_high == k->high)
		return lint_say(f,
				"%s = %" PRId64 " is accepted; less than %" PRId64
				" has no documented meaning",
				line->key, v, k->sane_low);
	return lint_say(f,
			"%s = %" PRId64 " is accepted; only %" PRId64 " to %" PRId64
			" have a documented meaning",
			line->key, v, k->sane_low, k->sane_high);
}

LINT_LINE(match_rest_ignored)
{
	const struct sysctl_key *k = sysctl_key_find(line->key);
	const char *rest = line->value;
	int64_t v;
	bool octal;

	(void)l;
	if (!k || k->value != VALUE_INT || !value_number(&rest, &v, &octal))
		return false;
	rest += strspn(rest, " \t");
	if (*rest == '\0' || *rest == '#' || *rest == ';')
		return false;
	return lint_say(f, "%s = %s: the kernel takes %" PRId64 " and drops '%s'", line->key,
			line->value, v, rest);
}

/* Numbers parted by more than one blank, or by a blank and a tab. */
LINT_LINE(match_blanks)
{
	const char *run = strpbrk(line->value, " \t");

	(void)l;
	if (strspn(line->value, "0123456789 \t") != strlen(line->value))
		return false;
	for (; run; run = strpbrk(run + 1, " \t"))
		if (run[1] == ' ' || run[1] == '\t')
			return lint_say(f, "%s: the kernel gives its numbers back with one tab between them",
					line->key);
	return false;
}

LINT_LINE(match_octal)
{
	const struct sysctl_key *k = sysctl_key_find(line->key);
	const char *rest = line->value;
	int64_t v;
	bool octal = false;

	(void)l;
	if (!is_number_key(k) || !value_number(&rest, &v, &octal) || !octal || v < 8)
		return false;
	return lint_say(f, "%s = %s: the kernel takes %" PRId64, line->key, line->value, v);
}

/* --- tcp_fin_timeout ----------------------------------------------------------------------------- */

LINT_LINE(match_fin_timeout)
{
	int64_t v;

	(void)l;
	if (!value_first(line->value, &v) || v == 60 || v <= 0)
		return false;
	return lint_say(f, "%s = %" PRId64 " leaves TIME_WAIT at 60 to 62 s", line->key, v);
}

LINT_LINE(match_fin_timeout_long)
{
	int64_t v;

	(void)l;
	if (!value_first(line->value, &v) || v <= 60)
		return false;
	return lint_say(f, "%s = %" PRId64 " keeps an orphan in FIN_WAIT2 for about %" PRId64 " s",
			line->key, v, 2 * (v - 60));
}

LINT_LINE(match_fin_timeout_nonpositive)
{
	int64_t v;

	(void)l;
	if (!value_first(line->value, &v) || v > 0)
		return false;
	return lint_say(f, "%s = %" PRId64 " is accepted without a word", line->key, v);
}

/* --- tcp_tw_reuse and what it needs -------------------------------------------------------------- */

LINT_LINE(match_reuse_no_timestamps)
{
	static const char key[] = "net.ipv4.tcp_timestamps";
	int64_t reuse, timestamps;

	if (!value_first(line->value, &reuse) || reuse != 1 ||
	    !value_effective(l->set, key, &timestamps) || timestamps != 0)
		return false;
	f->other = conf_set_effective(l->set, key);
	return lint_say(f, "%s = 1 has no effect: %s:%d turns timestamps off", line->key,
			f->other->file->path, f->other->number);
}

LINT_LINE(match_reuse_default)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v == 2 &&
	       lint_say(f, "%s = 2 is the default: reuse on loopback only", line->key);
}

LINT_LINE(match_reuse_on)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v == 1 &&
	       lint_say(f, "%s = 1 helps connect(), never a server's TIME_WAITs", line->key);
}

LINT_LINE(match_reuse_delay_short)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v >= 1 && v < 1000 &&
	       lint_say(f, "%s = %" PRId64 " ms assumes peers whose timestamps tick that fast",
			line->key, v);
}

LINT_LINE(match_reuse_delay_idle)
{
	static const char key[] = "net.ipv4.tcp_tw_reuse";
	int64_t v, reuse;

	if (!value_first(line->value, &v) || !value_effective(l->set, key, &reuse) || reuse != 0)
		return false;
	f->other = conf_set_effective(l->set, key);
	return lint_say(f, "%s = %" PRId64 " has no effect: %s:%d turns reuse off", line->key, v,
			f->other->file->path, f->other->number);
}

LINT_LINE(match_timestamps_off)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v == 0 &&
	       lint_say(f, "%s = 0 takes away what makes reuse of ports safe, and possible",
			line->key);
}

LINT_LINE(match_rfc1337)
{
	int64_t v;

	(void)l;
	if (!value_first(line->value, &v))
		return false;
	return lint_say(f,
			"%s = %" PRId64 ": an RST %s a TIME_WAIT (ip-sysctl.rst says the reverse)",
			line->key, v, v ? "does not end" : "ends");
}

/* --- tcp_max_tw_buckets -------------------------------------------------------------------------- */

#define DEFAULT_BUCKETS 131072 /* of a hash of 262,144: the reference machine's */

LINT_LINE(match_buckets_negative)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v < 0 &&
	       lint_say(f, "%s = %" PRId64 " is accepted and means no limit", line->key, v);
}

LINT_LINE(match_buckets_zero)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v == 0 &&
	       lint_say(f, "%s = 0: no connection ever waits in TIME_WAIT", line->key);
}

LINT_LINE(match_buckets_rate)
{
	double need = ceil(l->options.rate_per_s * LINT_LIFETIME_S);
	int64_t v;

	if (l->options.rate_per_s <= 0 || !value_first(line->value, &v) || v <= 0 ||
	    (double)v >= need)
		return false;
	return lint_say(f, "%s = %" PRId64 ": %.0f closes/s need %.0f (rate x %.2f s)", line->key,
			v, l->options.rate_per_s, need, LINT_LIFETIME_S);
}

LINT_LINE(match_buckets_low)
{
	int64_t v;

	/* A rate that was told decides. */
	if (l->options.rate_per_s > 0 || !value_first(line->value, &v) || v <= 0 ||
	    v >= DEFAULT_BUCKETS)
		return false;
	return lint_say(f, "%s = %" PRId64 " carries %.0f closes/s; what is beyond skips TIME_WAIT",
			line->key, v, floor((double)v / LINT_LIFETIME_S));
}

LINT_LINE(match_buckets_high)
{
	int64_t v;

	(void)l;
	if (!value_first(line->value, &v) || v <= DEFAULT_BUCKETS)
		return false;
	return lint_say(f,
			"%s = %" PRId64 " changes nothing until the default limit overflows; full, "
			"it is %.0f MiB of kernel memory",
			line->key, v, (double)v * 512 / (1024 * 1024));
}

/* --- others about closing ------------------------------------------------------------------------ */

LINT_LINE(match_conntrack)
{
	(void)l;
	return lint_say(f, "%s = %s is conntrack's own clock, not the socket's", line->key,
			line->value);
}

LINT_LINE(match_orphan_retries)
{
	int64_t v;

	(void)l;
	if (!value_first(line->value, &v))
		return false;
	if (v == 0)
		return lint_say(f, "%s = 0 means 8", line->key);
	return lint_say(
		f, "%s = %" PRId64 " bounds closes to a peer that vanished; no TIME_WAIT in it",
		line->key, v);
}

LINT_LINE(match_abort_on_overflow)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v > 0 &&
	       lint_say(f, "%s = %" PRId64 " resets clients instead of letting them retry",
			line->key, v);
}

LINT_LINE(match_somaxconn)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v > 65535 &&
	       lint_say(f,
			"%s = %" PRId64 " is accepted; a queue that long is waiting, not capacity",
			line->key, v);
}

LINT_LINE(match_syncookies)
{
	int64_t v;

	(void)l;
	return value_first(line->value, &v) && v == 2 &&
	       lint_say(f, "%s = 2 sends cookies always, not when a queue overflows", line->key);
}
