# make all install installcheck    build against the server that PG_CONFIG names
# make demo test bench             install what is missing, run in a throw-away server (test/run)
EXTENSION = osms
MODULE_big = osms
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" osms.control)
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/core/*.c)))
OWN_HEADERS = $(wildcard src/*.h src/core/*.h)
INSTALL_SQL = $(sort $(wildcard sql/install/*.sql))
DATA = $(wildcard sql/osms--*--*.sql)
DATA_built = sql/osms--$(EXTVERSION).sql
WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
PG_CPPFLAGS = -Isrc -DOSMS_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = $(WARNINGS)
EXTRA_CLEAN = test-logs

REGRESS = \
	install \
	sex \
	iin \
	bin \
	lifecycle
REGRESS_OPTS = --inputdir=.
ISOLATION := $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test
PROVE_TESTS = $(sort $(wildcard test/t/*.pl))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: demo test bench lint

demo bench:
	@test/run $@
test:
	@test/run suite

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)

include $(PGXS)

ifneq ($(shell test $(firstword $(subst ., ,$(VERSION))) -ge 15 && echo ok),ok)
$(error osms needs PostgreSQL 15 or newer, $(PG_CONFIG) is $(VERSION))
endif

$(OBJS) $(OBJS:.o=.bc): $(OWN_HEADERS) osms.control

sql/osms--$(EXTVERSION).sql: $(INSTALL_SQL) osms.control
	cat $(INSTALL_SQL) > $@

# What clang has to say about the sources, without building them
lint:
	for file in $(OBJS:.o=.c); do clang -fsyntax-only $(WARNINGS) -Werror $(patsubst -I/%,-isystem/%,$(CPPFLAGS)) $$file || exit; done

else

.PHONY: all install installcheck uninstall clean
all install installcheck uninstall clean lint:
	$(error $(PG_CONFIG) names no PostgreSQL with server headers: install postgresql-server-dev-15 or set PG_CONFIG)

endif
