/* The ladder as a picture: two lines of life, an arrow for each segment. */
#include "analysis/ladder.h"

#include <string.h>

#include "analysis/ladder_walk.h"
#include "analysis/theme.h"
#include "base/mono.h"

enum {
	WIDTH = 940,
	LEFT = 250,
	RIGHT = 690,
	TOP = 96,
	STEP = 34,
	FALL = 14, /* how much an arrow descends */
};

/* What RFC 9293 writes in angle brackets. */
static void put_escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '<')
			(void)fputs("&lt;", out);
		else if (*text == '>')
			(void)fputs("&gt;", out);
		else if (*text == '&')
			(void)fputs("&amp;", out);
		else
			(void)fputc(*text, out);
	}
}

static unsigned colour(enum theme_role role)
{
	return theme_colour(THEME_LIGHT, role);
}

static void put_text(FILE *out, int x, int y, const char *anchor, enum theme_role role,
		     const char *text)
{
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"#%06x\">", x, y, anchor,
		colour(role));
	put_escaped(text, out);
	fprintf(out, "</text>\n");
}

static void put_head(FILE *out, int height, const char *title)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#%06x\"/>\n<title>",
		WIDTH, height, WIDTH, height, colour(ROLE_PAPER));
	put_escaped(title, out);
	fprintf(out, "</title>\n<g font-weight=\"bold\">\n");
	put_text(out, 20, 28, "start", ROLE_INK, title);
	put_text(out, LEFT, TOP - 34, "middle", ROLE_C1, "initiator");
	put_text(out, RIGHT, TOP - 34, "middle", ROLE_C2, "responder");
	fprintf(out, "</g>\n");
	put_text(out, 90, TOP - 34, "end", ROLE_DIM, "seconds");
	for (int end = 0; end < 2; end++)
		fprintf(out,
			"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#%06x\" "
			"stroke-width=\"2\"/>\n",
			end ? RIGHT : LEFT, TOP - 24, end ? RIGHT : LEFT, height - 30,
			colour(ROLE_GRID));
}

static void put_arrow(FILE *out, const struct ladder_step *s, int y)
{
	int from = s->dir == 0 ? LEFT : RIGHT, to = s->dir == 0 ? RIGHT : LEFT;
	int back = s->dir == 0 ? -9 : 9;
	unsigned ink = colour(s->flags & LADDER_RST ? ROLE_C7 : s->dir == 0 ? ROLE_C1 : ROLE_C2);

	if (s->skipped > 0)
		return;
	fprintf(out,
		"<path d=\"M%d %dL%d %dm%d -6l%d 6l%d 4\" fill=\"none\" stroke=\"#%06x\" "
		"stroke-width=\"1.6\"/>\n",
		from, y, to, y + FALL, back, -back, back, ink);
}

/* A state is named where it begins. */
static void put_states(FILE *out, const struct ladder_walk *w, const char *before[2], int y)
{
	for (int end = 0; end < 2; end++) {
		const char *state = ladder_walk_state(w, end);

		if (before[end] && strcmp(before[end], state) == 0)
			continue;
		put_text(out, end ? RIGHT + 14 : LEFT - 14, y + 4, end ? "start" : "end", ROLE_INK,
			 state);
		before[end] = state;
	}
}

static void put_endings(FILE *out, const struct ladder_walk *w, const struct conn *c, int y)
{
	struct ladder_ending ending[2];
	size_t n = ladder_endings(w, c, ending);
	char text[32];

	for (size_t i = 0; i < n; i++, y += STEP) {
		(void)snprintf(text, sizeof(text), "%.6f", ending[i].end_s);
		put_text(out, 90, y + 12, "end", ROLE_DIM, text);
		put_text(out, (LEFT + RIGHT) / 2, y + 12, "middle", ROLE_DIM, ending[i].text);
	}
}

void ladder_svg(const struct ladder *l, const struct conn *c, FILE *out)
{
	int height = TOP + ((int)l->count + 3) * STEP + 40, y = TOP;
	const char *before[2] = { NULL, NULL };
	struct ladder_walk w;
	char text[512];

	ladder_title(c, text, sizeof(text));
	ladder_walk_init(&w, l, c);
	put_head(out, height, text);
	put_states(out, &w, before, TOP - 18);
	for (size_t i = 0; i < l->count; i++, y += STEP) {
		const struct ladder_step *s = &l->step[i];

		ladder_walk_step(&w, s);
		(void)snprintf(text, sizeof(text), "%.6f",
			       (double)(s->t_ns - w.origin_ns) / (double)NS_PER_S);
		put_text(out, 90, y + 12, "end", ROLE_DIM, text);
		put_arrow(out, s, y + 8);
		ladder_walk_label(&w, s, text, sizeof(text));
		put_text(out, (LEFT + RIGHT) / 2, y + (s->skipped ? 14 : 4), "middle",
			 s->skipped ? ROLE_DIM : ROLE_INK, text);
		put_states(out, &w, before, y + 14);
	}
	if (l->lost > 0) {
		(void)snprintf(text, sizeof(text), "and %llu segments more",
			       (unsigned long long)l->lost);
		put_text(out, (LEFT + RIGHT) / 2, y + 14, "middle", ROLE_DIM, text);
		y += STEP;
	}
	put_endings(out, &w, c, y);
	fprintf(out, "</svg>\n");
}
