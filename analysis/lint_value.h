/*
 * lint_value: values as the kernel reads them from /proc/sys, and the port range they make.
 */
#ifndef TWBENCH_ANALYSIS_LINT_VALUE_H
#define TWBENCH_ANALYSIS_LINT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_line;
struct conf_set;

/* The mean life of a TIME_WAIT at HZ=250, 60 s and half a timer-wheel step. */
#define LINT_LIFETIME_S 61.02

/*
 * The next number of *text: blanks, '-', then decimal, 0x hexadecimal or 0 octal, and a blank or the
 * end after it.  Advances *text.  False: "Invalid argument", *text unmoved.
 */
bool value_number(const char **text, int64_t *ret, bool *octal);

/* The first number of a value; what follows is left, as the kernel leaves it. */
bool value_first(const char *text, int64_t *ret);

/* The number that `set` gives `key`; false if it gives none that the kernel takes. */
bool value_effective(const struct conf_set *set, const char *key, int64_t *ret);

struct port_set {
	uint8_t bit[65536 / 8];
};

bool port_set_has(const struct port_set *p, int64_t port);

/* "8080,9000-9100"; "" is none.  False: the kernel refuses it. */
bool port_set_parse(struct port_set *p, const char *text);

/* The ports connect() may choose from. */
struct port_plan {
	const struct conf_line *range;    /* NULL: the kernel's default, 32768 60999 */
	const struct conf_line *reserved; /* NULL: none */
	bool range_good;                  /* two ports, the first not above the second */
	int64_t low, high;
	struct port_set set; /* the reserved ones */
	int64_t reserved_in, reserved_out;
	int64_t usable; /* high - low + 1 - reserved_in */
};

void port_plan_make(struct port_plan *p, const struct conf_set *set);

#endif
