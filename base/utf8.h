/*
 * utf8: is the next character well formed (RFC 3629: no overlong forms, no surrogates, at most
 * U+10FFFF)?
 */
#ifndef TWBENCH_BASE_UTF8_H
#define TWBENCH_BASE_UTF8_H

#include <stddef.h>

/* Bytes (1 to 4) of the character at `text`, of which `size` bytes may be read; 0 if malformed. */
size_t utf8_length(const char *text, size_t size);

#endif
