# make all install installcheck    build against the server that PG_CONFIG names
# make demo bench                  install what is missing, run in a throw-away server (test/run)
# make test test-all               the suite in such a server: in minutes, without what takes long; and whole (test/suite)
# make stress [SECONDS=600]          eight sessions write to three registries at random for so long
# make test-fresh test-majors      demo and tests in clean systems (test/chroot): Debian 12 as it comes; PostgreSQL 17 and 18
# make test-asserts                the suite on a PostgreSQL with assertions (test/asserts)
EXTENSION = osms
MODULE_big = osms
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" osms.control)
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
OWN_HEADERS = $(wildcard src/*.h src/*/*.h)
INSTALL_SQL = $(sort $(wildcard sql/install/*.sql))
DATA = $(wildcard sql/osms--*--*.sql)
DATA_built = sql/osms--$(EXTVERSION).sql
WARNINGS = -Wall -Wextra
PG_CPPFLAGS = -Isrc -DOSMS_VERSION='"$(EXTVERSION)"'
# On PostgreSQL 15 a global name of ours could be taken by another library's
PG_CFLAGS = $(WARNINGS) -fvisibility=hidden
EXTRA_CLEAN = test-logs report.html test/unit/build test/fuzz/build

REGRESS = \
	install \
	sex \
	iin \
	bin \
	lifecycle \
	pyramid \
	tariff \
	statement
REGRESS_OPTS = --inputdir=.
ISOLATION := $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --load-extension=osms
PROVE_TESTS = $(sort $(wildcard test/t/*.pl))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: demo test test-all bench stress test-fresh test-majors test-asserts lint unit fuzz

demo bench:
	@test/run $@
test:
	@test/run suite quick
test-all:
	@test/run suite
SECONDS ?= 600
stress:
	@OSMS_STRESS_SECONDS=$(SECONDS) test/run suite stress

test-fresh:
	test/chroot bookworm 'make demo && make test'
	test/chroot --with 'libpq-dev postgresql-client-15' bookworm 'make demo && make test'
test-majors:
	test/chroot --old bookworm trixie 'make demo && make test-all'
	test/chroot --old bookworm forky 'make demo && make test-all'
test-asserts:
	test/asserts

# src/core is plain C: unit tests with sanitizers and an independent oracle; a fuzzer with a time limit for each target
CORE = $(sort $(wildcard src/core/*.c))
CORE_CFLAGS = -std=c11 -g $(WARNINGS) $(COPT) -Isrc
SANITIZED = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
ORACLE_STRINGS ?= 1000000
UNIT_TESTS = $(patsubst test/unit/%.c,test/unit/build/%,$(sort $(wildcard test/unit/*.c)))
FUZZ_TARGETS = $(patsubst test/fuzz/%.c,test/fuzz/build/%,$(sort $(wildcard test/fuzz/*.c)))
FUZZ_SECONDS ?= 30

unit: $(UNIT_TESTS) test/unit/build/core.so
	@rc=0; for test in $(UNIT_TESTS); do echo "# $$test"; $$test || rc=1; done; \
	python3 test/oracle/number.py test/unit/build/core.so $(ORACLE_STRINGS) || rc=1; exit $$rc
test/unit/build/%: test/unit/%.c test/unit/check.h test/unit/build/core.a
	$(CC) $(CORE_CFLAGS) $(SANITIZED) -Itest/unit $< test/unit/build/core.a -o $@
test/unit/build/core.a: $(patsubst src/core/%.c,test/unit/build/%.o,$(CORE))
	$(AR) rcs $@ $^
$(patsubst src/core/%.c,test/unit/build/%.o,$(CORE)): test/unit/build/%.o: src/core/%.c $(OWN_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CORE_CFLAGS) $(SANITIZED) -c $< -o $@
test/unit/build/core.so: $(CORE) $(OWN_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CORE_CFLAGS) -O2 -shared -fPIC $(CORE) -o $@

fuzz: $(FUZZ_TARGETS)
	for target in $(FUZZ_TARGETS); do $$target -max_total_time=$(FUZZ_SECONDS) -max_len=64 -print_final_stats=1 \
	-artifact_prefix=$$target- -verbosity=0 || exit; done
test/fuzz/build/%: test/fuzz/%.c $(CORE) $(OWN_HEADERS)
	@mkdir -p $(@D)
	clang $(CORE_CFLAGS) -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $< $(CORE) -o $@

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
# The client package brings pgxs.mk, too: what says that a server can be built for is its header.
ifneq ($(and $(PGXS),$(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h)),)

include $(PGXS)

ifneq ($(shell test $(firstword $(subst ., ,$(VERSION))) -ge 15 && echo ok),ok)
$(error osms needs PostgreSQL 15 or newer, $(PG_CONFIG) is $(VERSION))
endif

# PostgreSQL's headers are not ours to warn about.
override CPPFLAGS := $(patsubst -I/%,-isystem/%,$(CPPFLAGS))

$(OBJS) $(OBJS:.o=.bc): $(OWN_HEADERS) osms.control

# A database may have any encoding, so the script is ASCII: letters beyond it, which stand in E'' for osms.from_utf8(), become bytes of a bytea.
sql/osms--$(EXTVERSION).sql: $(INSTALL_SQL) osms.control
	LC_ALL=C awk 'BEGIN { for (i = 128; i < 256; i++) byte[sprintf("%c", i)] = sprintf("\\\\%03o", i) } \
		{ line = ""; while (match($$0, /[\200-\377]/)) { \
			line = line substr($$0, 1, RSTART - 1) byte[substr($$0, RSTART, 1)]; $$0 = substr($$0, RSTART + 1) } \
		print line $$0 }' $(INSTALL_SQL) > $@

# What clang has to say about the sources
LINT = -O2 -c -o /dev/null
.PHONY: $(OBJS:.o=.lint)
lint: $(OBJS:.o=.lint)
$(OBJS:.o=.lint): %.lint: %.c
	clang $(LINT) $(WARNINGS) -Werror $(CPPFLAGS) $<

# And clang-tidy, by .clang-tidy
.PHONY: tidy $(OBJS:.o=.tidy)
tidy: $(OBJS:.o=.tidy)
$(OBJS:.o=.tidy): %.tidy: %.c
	clang-tidy --quiet $< -- $(CPPFLAGS) 2>/dev/null


else

.PHONY: all install installcheck uninstall clean
all install installcheck uninstall clean lint tidy:
	$(error $(PG_CONFIG) names no PostgreSQL with server headers: install postgresql-server-dev-15 or set PG_CONFIG)

endif
