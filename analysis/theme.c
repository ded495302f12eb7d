#include "analysis/theme.h"

static const char *const theme_keys[THEME_COUNT] = { "light", "dark", "print" };

/* Each colour is unique within its theme, so that a picture can be given another theme afterwards. */
static const struct {
	const char *key;
	uint32_t colour[THEME_COUNT]; /* light, dark, print */
} roles[ROLE_COUNT] = {
	[ROLE_PAPER] = { "paper", { 0xffffff, 0x14171c, 0xffffff } },
	[ROLE_INK] = { "ink", { 0x1b1f24, 0xe8eaed, 0x000001 } },
	[ROLE_DIM] = { "dim", { 0x5b626b, 0xa3abb5, 0x333334 } },
	[ROLE_GRID] = { "grid", { 0xe4e6e9, 0x2c3139, 0xd9d9d9 } },
	[ROLE_GHOST] = { "ghost", { 0xb9bdc3, 0x59616c, 0xa6a6a6 } },
	[ROLE_SHADE] = { "shade", { 0xeff1f3, 0x20252c, 0xebebeb } },
	[ROLE_C1] = { "c1", { 0xd55e00, 0xf0803c, 0xd55e00 } },
	[ROLE_C2] = { "c2", { 0x0072b2, 0x56b4e9, 0x0072b2 } },
	[ROLE_C3] = { "c3", { 0xb45a8c, 0xe59ac3, 0xa8487e } },
	[ROLE_C4] = { "c4", { 0x009e73, 0x27c59a, 0x007a59 } },
	[ROLE_C5] = { "c5", { 0xe69f00, 0xf2bb45, 0xc98a00 } },
	[ROLE_C6] = { "c6", { 0x3f9bd6, 0xb6dcf5, 0x4aa3dc } },
	[ROLE_C7] = { "c7", { 0x2e2e38, 0xf3f4f6, 0x000000 } },
};

const char *plot_theme_key(enum plot_theme t)
{
	return theme_keys[t];
}

const char *theme_role_key(enum theme_role role)
{
	return roles[role].key;
}

uint32_t theme_colour(enum plot_theme theme, enum theme_role role)
{
	return roles[role].colour[theme];
}

enum theme_role theme_role_of(enum plot_theme theme, uint32_t colour)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (roles[i].colour[theme] == colour)
			return (enum theme_role)i;
	return ROLE_COUNT;
}

void theme_write_gnuplot(enum plot_theme theme, FILE *out)
{
	(void)fprintf(out, "theme = '%s'\n", theme_keys[theme]);
	for (int i = 0; i < ROLE_COUNT; i++)
		(void)fprintf(out, "%s = 0x%06x\n", roles[i].key, roles[i].colour[theme]);
}

void theme_write_css(enum plot_theme theme, FILE *out)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		(void)fprintf(out, "--g-%s:#%06x;", roles[i].key, roles[i].colour[theme]);
}
