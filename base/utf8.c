#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include <stdint.h>

/* Lead bytes and what may follow at once; bytes after the second are always 80..BF. */
static const struct {
	uint8_t lead_first, lead_last, second_first, second_last, length;
} forms[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t utf8_length(const char *text, size_t size)
{
	const uint8_t *byte = (const uint8_t *)text;

	if (size == 0)
		return 0;
	if (byte[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (byte[0] < forms[i].lead_first || byte[0] > forms[i].lead_last)
			continue;
		if (size < forms[i].length || byte[1] < forms[i].second_first ||
		    byte[1] > forms[i].second_last)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if (byte[k] < 0x80 || byte[k] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t utf8_chars(const char *text)
{
	size_t chars = 0;

	for (; *text; text++)
		chars += !continues(*text);
	return chars;
}

size_t utf8_prefix(const char *text, size_t chars)
{
	size_t i = 0;

	for (; text[i]; i++)
		if (!continues(text[i]) && chars-- == 0)
			break;
	return i;
}

bool utf8_shown(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return strcmp(value, "C") != 0 && strcmp(value, "POSIX") != 0;
	}
	return true;
}

const char *utf8_dot(void)
{
	return utf8_shown() ? "\u00b7" : "|";
}
