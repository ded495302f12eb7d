/*
 * theme: the colours of graphs and of the HTML report, one table.
 *
 * Series colours are those of Okabe and Ito, told apart by all common kinds of colour vision; on dark
 * paper the two darkest are replaced by lighter ones.  Every series also has a dash pattern of its own.
 */
#ifndef TWBENCH_ANALYSIS_THEME_H
#define TWBENCH_ANALYSIS_THEME_H

#include <stdint.h>
#include <stdio.h>

#include "analysis/plot.h"

enum theme_role {
	ROLE_PAPER,
	ROLE_INK,
	ROLE_DIM, /* subtitles, footers, axis lines */
	ROLE_GRID,
	ROLE_GHOST, /* the other cases, behind */
	ROLE_SHADE, /* the load phase */
	ROLE_C1, /* series colours from here on; side colours are C1 client, C2 server, C3 both, C4 nobody */
	ROLE_C2,
	ROLE_C3,
	ROLE_C4,
	ROLE_C5,
	ROLE_C6,
	ROLE_C7,
	ROLE_COUNT
};
#define THEME_SERIES (ROLE_COUNT - ROLE_C1)

const char *theme_role_key(enum theme_role role);                   /* "paper", "c1" */
uint32_t theme_colour(enum plot_theme theme, enum theme_role role); /* 0xRRGGBB */

/* The role that has this colour in `theme`, or ROLE_COUNT. */
enum theme_role theme_role_of(enum plot_theme theme, uint32_t colour);

/* gnuplot assignments, one per role, for the head of a script. */
void theme_write_gnuplot(enum plot_theme theme, FILE *out);

/* CSS custom properties "--g-ink: #...;" on one line. */
void theme_write_css(enum plot_theme theme, FILE *out);

#endif
