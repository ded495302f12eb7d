# twbench: the targets a person types.  `make help` lists them.

VERSION  := 0.1.0
PREFIX   ?= /usr/local
DESTDIR  ?=
V        ?= 0
SAN      ?=
BUILD    ?= build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))

comma := ,
space := $(subst ,, )
Q     := $(if $(filter 1,$(V)),,@)
say    = $(if $(filter 1,$(V))$(findstring s,$(firstword -$(MAKEFLAGS))),,$(info $(space) $1	$2))

PKG_CONFIG ?= pkg-config
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	    -Wvla -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wno-overlength-strings -Werror=implicit
OPT      ?= -O2
COMMIT   := $(shell git rev-parse --short=12 HEAD 2>/dev/null)$(shell git diff --quiet HEAD 2>/dev/null || echo -dirty)
CPPFLAGS += -D_GNU_SOURCE -I.
WERROR   := $(if $(SAN),,$(if $(filter true,$(CI)),-Werror))
ALL_CFLAGS = -std=c17 $(OPT) $(WARNINGS) $(WERROR) -pthread -fno-omit-frame-pointer \
	     $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all) $(CFLAGS)
ALL_LDFLAGS = -pthread $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
LIBS    := $(shell $(PKG_CONFIG) --libs libpcap libcjson 2>/dev/null || echo -lpcap -lcjson) -lm

FOLDERS  := base bench capture analysis
SOURCES  := $(wildcard $(FOLDERS:=/*.c))
# $(call unit,hot|cold,FOLDER,NUMBER,FILES): one object of those files.
unit      = $(eval $(value UNIT))
define UNIT
UNITS += $(BUILD)/$1/$2-$3.o
UNITED += $(4:%=$2/%.c)
$(BUILD)/$1/$2-$3.o: FILES := $(4:%=$2/%.c)
$(BUILD)/$1/$2-$3.o: $(4:%=$2/%.c)
endef
UNITS    :=
UNITED   :=
ifndef APART
include units.mk
endif
OBJECTS  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(UNITED),$(SOURCES))) $(UNITS) $(BUILD)/assets_table.o
LIBRARY  := $(BUILD)/libtwbench.a
PROGRAM  := $(if $(SAN),$(BUILD)/twbench,twbench)
ASSETS   := $(sort $(wildcard fixtures/scenarios/*.json fixtures/schema/*.json analysis/plots/*.gp))
UNIT     := $(sort $(wildcard tests/*_test.c))
UNIT_BIN := $(UNIT:tests/%.c=$(BUILD)/tests/%)
FUZZERS  := $(sort $(wildcard tests/fuzz/*_fuzz.c))
HELPERS  := $(sort $(wildcard tests/helper/*.c))
HELPER_BIN := $(HELPERS:tests/helper/%.c=$(BUILD)/helper/%)

# As many jobs as there are processors; another -j wins.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

.PHONY: all helpers bench test check golden perf fuzz install uninstall clean deps deps-test help unit
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

all: $(PROGRAM) ## build ./twbench

bench: deps ## install what is missing, build, run the main job, leave graphs and a report
	$(Q)$(MAKE) --no-print-directory all
	$(Q)./twbench run

test: deps-test ## install what is missing, build, run the quick tests
	$(Q)$(MAKE) --no-print-directory all unit
	$(Q)tests/run.sh quick

check: deps-test ## the quick tests and the long ones: sanitizers, end to end, lint
	$(Q)$(MAKE) --no-print-directory all unit
	$(Q)tests/run.sh all

unit: $(UNIT_BIN) helpers # the test programs, without running them
helpers: $(HELPER_BIN)

# --- what is missing ----------------------------------------------------------------------------

deps: ## install the packages that building and running need (apt; root or sudo)
	@fixtures/deps.sh build run
deps-test: ## ... and those that the tests need
	@fixtures/deps.sh build run test

# --- build --------------------------------------------------------------------------------------

$(PROGRAM): $(BUILD)/bench/main.o $(LIBRARY)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(LIBRARY): $(filter-out $(BUILD)/bench/main.o,$(OBJECTS))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# All folders at once: a process for each object would be the slower half of small ones.
ROOMS := $(BUILD)/rooms
$(ROOMS): Makefile
	$(Q)mkdir -p $(addprefix $(BUILD)/,$(FOLDERS) hot cold tests tests/fuzz helper) && touch $@

$(BUILD)/%.o: %.c | $(ROOMS)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/cold/%.o: OPT := $(OPT:-O2=-Og)
$(UNITS): units.mk | $(ROOMS)
	$(call say,CC,$(wordlist 1,3,$(FILES)) ...)
	$(Q)printf '#include "%s"\n' $(FILES) | \
	  $(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@ -x c -

# The version and commit belong to one object; it is made again when they change.
$(BUILD)/base/version.o: CPPFLAGS += -DTWBENCH_VERSION='"$(VERSION)"' -DTWBENCH_COMMIT='"$(COMMIT)"'
$(BUILD)/base/version.o: $(BUILD)/commit
$(BUILD)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(COMMIT)' | cmp -s - $@ || echo '$(VERSION) $(COMMIT)' > $@
FORCE:

# Data files travel inside the program.
$(BUILD)/assets_table.c: Makefile $(ASSETS)
	@mkdir -p $(@D)
	$(Q){ echo '#include "base/assets.h"'; n=0; \
	  for f in $(ASSETS); do n=$$((n+1)); echo "extern const char asset_$$n[];"; \
	    printf '__asm__(".section .rodata\\nasset_%d:\\n.incbin \\"%s\\"\\n.byte 0\\n.text");\n' $$n $$f; done; \
	  echo 'const struct asset assets[] = {'; n=0; \
	  for f in $(ASSETS); do n=$$((n+1)); echo "	{ \"$$f\", asset_$$n, $$(wc -c < $$f) },"; done; \
	  echo '	{ NULL, NULL, 0 },'; echo '};'; echo "const size_t assets_count = $$n;"; } > $@

$(BUILD)/assets_table.o: $(BUILD)/assets_table.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(LIBRARY) | $(ROOMS)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS)

# Calls into the system that tests/fault.h makes fail.
FAULT_WRAPS := malloc calloc realloc aligned_alloc free strdup asprintf open openat fopen fdopen fdopendir fclose open_memstream \
	       read pread write fstat fsync rename renameat mkdir mkdirat linkat symlinkat socket bind setsockopt \
	       send recv sendto poll epoll_create1 eventfd pipe2 unshare setns pthread_create ioctl \
	       mmap syscall
$(BUILD)/tests/fault_test: ALL_LDFLAGS += $(FAULT_WRAPS:%=-Wl$(comma)--wrap=%)

$(BUILD)/helper/%: tests/helper/%.c $(LIBRARY) | $(ROOMS)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS)

golden: all unit ## rewrite the golden captures and their rows; then review the diff
	$(Q)$(PROGRAM:%=./%) list connection-schema > fixtures/schema/connection.schema.json
	$(Q)GOLDEN=write tests/golden.sh | grep -v '^ok' || true

# --- fuzzing: libFuzzer, so clang ------------------------------------------------------------------

FUZZ_SECONDS ?= 30
fuzz: deps-test ## run each fuzz target for FUZZ_SECONDS (30)
	$(Q)$(MAKE) --no-print-directory CC=clang BUILD=build/fuzz SAN=fuzzer-no-link,address,undefined fuzz-programs
	$(Q)for f in $(FUZZERS:tests/fuzz/%.c=%); do \
	  mkdir -p build/fuzz/corpus/$$f fixtures/corpus/$${f%_fuzz}; \
	  build/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 -artifact_prefix=build/fuzz/ \
	    build/fuzz/corpus/$$f fixtures/corpus/$${f%_fuzz} || exit 1; done

.PHONY: fuzz-programs
fuzz-programs: $(FUZZERS:tests/fuzz/%.c=$(BUILD)/%)
$(BUILD)/%_fuzz: tests/fuzz/%_fuzz.c $(LIBRARY)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $< $(LIBRARY) $(LIBS)

# --- performance, install, clean -------------------------------------------------------------------

perf: deps-test ## ratios against baselines in the same run
	$(Q)$(MAKE) --no-print-directory all unit
	$(Q)tests/perf.sh

COMPLETION := $(PREFIX)/share/bash-completion/completions/twbench
install: all ## install the program, its man page and its data under PREFIX
	install -D -m 755 twbench $(DESTDIR)$(PREFIX)/bin/twbench
	install -D -m 644 bench/twbench.1 $(DESTDIR)$(PREFIX)/share/man/man1/twbench.1
	for f in fixtures/schema/*.json; do \
	  install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/twbench/$${f##*/} || exit 1; done
	./twbench list completion >$(BUILD)/twbench.bash
	install -D -m 644 $(BUILD)/twbench.bash $(DESTDIR)$(COMPLETION)

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/twbench $(DESTDIR)$(PREFIX)/share/man/man1/twbench.1 $(DESTDIR)$(COMPLETION)
	rm -rf $(DESTDIR)$(PREFIX)/share/twbench

clean: ## remove what was built (results stay)
	rm -rf build twbench

-include $(OBJECTS:.o=.d) $(UNIT_BIN:=.d) $(HELPER_BIN:=.d)
