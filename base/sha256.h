/*
 * sha256: the digest of FIPS 180-4, to name a scenario by its text.  Not a secret-keeping primitive.
 */
#ifndef TWBENCH_BASE_SHA256_H
#define TWBENCH_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE      32
#define SHA256_TEXT_SIZE 65 /* hexadecimal and its NUL */

void sha256(const void *bytes, size_t size, uint8_t ret[SHA256_SIZE]);

/* The digest in lower-case hexadecimal.  Returns ret. */
const char *sha256_text(const void *bytes, size_t size, char ret[SHA256_TEXT_SIZE]);

#endif
