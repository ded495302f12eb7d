#include "analysis/html.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "analysis/theme.h"
#include "base/utf8.h"

/* U+FFFE and U+FFFF: sound UTF-8, and no characters of XML. */
static bool is_noncharacter(const char *s, size_t length)
{
	return length == 3 && memcmp(s, "\xEF\xBF", 2) == 0 && (unsigned char)s[2] >= 0xBE;
}

void html_text(FILE *out, const char *s)
{
	while (*s) {
		size_t length = utf8_length(s, strlen(s));

		if (length == 0 || is_noncharacter(s, length) || (unsigned char)*s < ' ' || *s == 127)
			(void)fputc(*s == '\n' || *s == '\t' ? *s : '?', out);
		else if (*s == '&')
			(void)fputs("&amp;", out);
		else if (*s == '<')
			(void)fputs("&lt;", out);
		else if (*s == '>')
			(void)fputs("&gt;", out);
		else if (*s == '"')
			(void)fputs("&quot;", out);
		else if (*s == '\'')
			(void)fputs("&#39;", out);
		else
			(void)fwrite(s, 1, length, out);
		s += length ? length : 1;
	}
}

void html_textf(FILE *out, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	html_text(out, text);
}

/* --- SVG ------------------------------------------------------------------------------------------ */

struct span {
	const char *p, *end;
};

static bool starts(const struct span *s, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(s->end - s->p) >= length && memcmp(s->p, word, length) == 0;
}

/* A number of at most three digits, blanks before it, and the character after it.  -1 if it is none. */
static int small_number(const char **p, const char *end, char after)
{
	int n = -1;

	while (*p < end && **p == ' ')
		(*p)++;
	for (int digits = 0; *p < end && isdigit((unsigned char)**p) && digits < 3; digits++)
		n = (n < 0 ? 0 : n * 10) + (*(*p)++ - '0');
	if (*p >= end || **p != after)
		return -1;
	(*p)++;
	return n;
}

/* "rgb( 27,  31,  36)" or "#1b1f24" at s->p: its length and colour; 0 if there is none. */
static size_t colour_at(const struct span *s, uint32_t *ret)
{
	const char *p = s->p;
	uint32_t rgb = 0;

	if (starts(s, "rgb(")) {
		p += 4;
		for (int i = 0; i < 3; i++) {
			int n = small_number(&p, s->end, i < 2 ? ',' : ')');

			if (n < 0 || n > 255)
				return 0;
			rgb = rgb << 8 | (uint32_t)n;
		}
	} else if (*p == '#' && s->end - p > 7) {
		for (p++; p < s->p + 7; p++) {
			if (!isxdigit((unsigned char)*p))
				return 0;
			rgb = rgb << 4 |
			      (uint32_t)(isdigit((unsigned char)*p) ? *p - '0'
								    : (*p | 32) - 'a' + 10);
		}
	} else {
		return 0;
	}
	*ret = rgb;
	return (size_t)(p - s->p);
}

/* Only attributes hold ids and colours; what stands between tags is text and passes as it is. */
static void put_attribute_part(FILE *out, struct span *s, const char *prefix, bool themed)
{
	static const char *const references[] = { " id='", " id=\"", "href='#", "href=\"#",
						  "url(#" };
	uint32_t rgb = 0;
	size_t length = 0;

	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
		if (starts(s, references[i])) {
			(void)fprintf(out, "%s%s-", references[i], prefix);
			s->p += strlen(references[i]);
			return;
		}
	if (themed && (length = colour_at(s, &rgb)) > 0 &&
	    theme_role_of(THEME_LIGHT, rgb) < ROLE_COUNT) {
		(void)fprintf(out, "var(--g-%s)", theme_role_key(theme_role_of(THEME_LIGHT, rgb)));
		s->p += length;
		return;
	}
	(void)fputc(*s->p++, out);
}

/* Drawn in the light theme?  Its ink colours the title of every graph. */
static bool is_light(const struct span *s)
{
	struct span at = *s;
	uint32_t rgb;

	for (; at.p < at.end; at.p++)
		if (colour_at(&at, &rgb) > 0 && rgb == theme_colour(THEME_LIGHT, ROLE_INK))
			return true;
	return false;
}

/* gnuplot calls its lines "gnuplot_plot_1a"; browsers would show that as a tooltip. */
static void skip_title(struct span *s)
{
	while (s->p < s->end && !starts(s, "</title>"))
		s->p++;
	if (s->p < s->end)
		s->p += strlen("</title>");
}

void html_svg(FILE *out, const char *svg, size_t size, const char *prefix, const char *label)
{
	struct span s = { svg, svg + size };
	bool in_tag = false, themed;

	while (s.p < s.end && !starts(&s, "<svg"))
		s.p++;
	if (s.p == s.end)
		return;
	themed = is_light(&s);
	(void)fputs("<svg role=\"img\" aria-label=\"", out);
	html_text(out, label);
	(void)fputc('"', out);
	s.p += 4;
	in_tag = true;
	while (s.p < s.end) {
		if (starts(&s, "<title>"))
			skip_title(&s);
		if (s.p == s.end)
			break;
		if (*s.p == '<')
			in_tag = true;
		else if (*s.p == '>')
			in_tag = false;
		if (in_tag)
			put_attribute_part(out, &s, prefix, themed);
		else
			(void)fputc(*s.p++, out);
	}
}
