/*
 * utf8: is the next character well formed (RFC 3629: no overlong forms, no surrogates, at most
 * U+10FFFF), and may a person be shown more than ASCII?
 */
#ifndef TWBENCH_BASE_UTF8_H
#define TWBENCH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes (1 to 4) of the character at `text`, of which `size` bytes may be read; 0 if malformed. */
size_t utf8_length(const char *text, size_t size);

/* The characters of `text`; malformed bytes count as what they seem to continue. */
size_t utf8_chars(const char *text);

/* The bytes that the first `chars` characters take; all of them if there are fewer. */
size_t utf8_prefix(const char *text, size_t chars);

/* False where LC_ALL, else LC_CTYPE, else LANG is C or POSIX. */
bool utf8_shown(void);

/* What parts the words of a line: a middle dot, or a bar in ASCII. */
const char *utf8_dot(void);

#endif
