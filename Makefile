EXTENSION = osms
MODULE_big = osms
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" osms.control)
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/core/*.c)))
INSTALL_SQL = $(sort $(wildcard sql/install/*.sql))
DATA_built = sql/osms--$(EXTVERSION).sql
PG_CPPFLAGS = -Isrc -DOSMS_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
EXTRA_CLEAN = sql/osms--$(EXTVERSION).sql

REGRESS = install
REGRESS_OPTS = --inputdir=.

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

ifneq ($(shell test $(firstword $(subst ., ,$(VERSION))) -ge 15 && echo ok),ok)
$(error osms needs PostgreSQL 15 or newer, $(PG_CONFIG) is $(VERSION))
endif

sql/osms--$(EXTVERSION).sql: $(INSTALL_SQL) osms.control
	cat $(INSTALL_SQL) > $@
