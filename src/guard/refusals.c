/*
 * refusals.c
 *		How often rules refused, or would have: counters that outlive a
 *		rollback.
 *
 * A refusal rolls back, so no table can keep it.  The counters are a file of
 * the server beside its own statistics, one for each database: it needs
 * nothing preloaded, is the same on every version, and stays over a restart.
 * It holds no person.  To count is best effort: what cannot be counted is
 * still in the server's log, and no statement fails for it.
 */
#include "guard/refusals.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guard/guard.h"
#include "registry/open.h"
#include "registry/registry.h"
#include "rule/rule.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "pgstat.h"
#include "pgtime.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(osms_refusals);

#define TALLIES 65536			/* in the file; then the older half goes */
#define TALLIES_OF_DAY 1000		/* told apart by role */
#define TALLIES_OF_ROLE 100		/* told apart by application */
#define BLOCK 64				/* read at once */
#define LOCK_TRIES 100			/* a millisecond apart */

/* One row of the counters.  All before statements is the key, zero-filled. */
typedef struct Tally
{
	DateADT		day;
	Oid			registry;		/* the schema */
	char		told[16];
	char		rule[32];
	char		finding[NAMEDATALEN];
	char		relation[32];
	char		role[NAMEDATALEN];	/* empty: one too many to tell apart */
	char		application[NAMEDATALEN];
	int64		statements;
	int64		rows;
} Tally;

#define KEY_SIZE offsetof(Tally, statements)

/* The file of this database; another layout takes another number. */
static const char *
tally_file(void)
{
	return psprintf("%s/osms.%u.1", PGSTAT_STAT_PERMANENT_DIRECTORY,
					MyDatabaseId);
}

/*
 * Lock the file for as long as it is open.  Who holds it is about to let it
 * go; but one that was stopped must not stop everybody.
 */
static bool
lock_tallies(int fd, int operation)
{
	for (int i = 0; i < LOCK_TRIES; i++)
	{
		if (flock(fd, operation | LOCK_NB) == 0)
			return true;
		pg_usleep(1000);
	}
	return false;
}

/* Today, as the server's log has it. */
static DateADT
today_of_log(void)
{
	pg_time_t	now = (pg_time_t) time(NULL);
	struct pg_tm *tm = pg_localtime(&now, log_timezone);

	return date2j(tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday) -
		POSTGRES_EPOCH_JDATE;
}

/* How many whole tallies a file holds. */
static int64
tallies_in(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size / (int64) sizeof(Tally) : 0;
}

static int
read_tallies(int fd, int64 first, int n, Tally *tallies)
{
	ssize_t		bytes = pread(fd, tallies, n * sizeof(Tally),
							  first * sizeof(Tally));

	return bytes < 0 ? 0 : bytes / sizeof(Tally);
}

static bool
write_tallies(int fd, int64 first, int n, const Tally *tallies)
{
	return pwrite(fd, tallies, n * sizeof(Tally), first * sizeof(Tally)) ==
		(ssize_t) (n * sizeof(Tally));
}

/*
 * Look for the tally of a key among those of its day, which are the last.
 * Returns its place, or n; then *of_day is how many there are of the day, and
 * *of_role how many of its role.
 */
static int64
find_tally(int fd, int64 n, const Tally *key, Tally *found, int *of_day,
		   int *of_role)
{
	Tally		block[BLOCK];

	*of_day = 0;
	*of_role = 0;
	for (int64 end = n; end > 0; end -= BLOCK)
	{
		int64		first = Max(end - BLOCK, 0);
		int			have = read_tallies(fd, first, end - first, block);

		for (int i = have - 1; i >= 0; i--)
		{
			if (memcmp(&block[i], key, KEY_SIZE) == 0)
			{
				*found = block[i];
				return first + i;
			}
			if (block[i].day < key->day)
				return n;
			(*of_day)++;
			if (strcmp(block[i].role, key->role) == 0)
				(*of_role)++;
		}
	}
	return n;
}

/* Let the older half of a full file go; returns how many are left. */
static int64
forget_older(int fd, int64 n)
{
	Tally		block[BLOCK];
	int64		kept = 0;

	for (int64 from = n / 2; from < n; from += BLOCK)
	{
		int			have = read_tallies(fd, from, Min(BLOCK, n - from),
										block);

		if (!write_tallies(fd, kept, have, block))
			break;
		kept += have;
	}
	return ftruncate(fd, kept * sizeof(Tally)) == 0 ? kept : n;
}

/*
 * Add a tally to the locked file.  Names that anybody may set tell too many
 * apart for one role before they do for others.
 */
static bool
add_tally(int fd, Tally *tally)
{
	Tally		found;
	int			of_day;
	int			of_role;
	int64		n = tallies_in(fd);
	int64		place = find_tally(fd, n, tally, &found, &of_day, &of_role);

	if (place == n && of_role >= TALLIES_OF_ROLE)
	{
		memset(tally->application, 0, sizeof(tally->application));
		place = find_tally(fd, n, tally, &found, &of_day, &of_role);
	}
	if (place == n && of_day >= TALLIES_OF_DAY)
	{
		memset(tally->role, 0, sizeof(tally->role));
		memset(tally->application, 0, sizeof(tally->application));
		place = find_tally(fd, n, tally, &found, &of_day, &of_role);
	}
	if (place < n)
	{
		found.statements += tally->statements;
		found.rows += tally->rows;
		return write_tallies(fd, place, 1, &found);
	}
	if (n >= TALLIES)
		place = forget_older(fd, n);
	return write_tallies(fd, place, 1, tally);
}

/*
 * Count a statement in which a rule found something in some rows, by what the
 * server's log says of it.  Never fails.
 */
void
count_refusal(const Guard *guard, RelationKind relation, const char *told,
			  RuleId rule, const char *finding, const char *role, int64 rows)
{
	const char *path = tally_file();
	Tally		tally;
	int			fd;
	bool		counted;

	memset(&tally, 0, sizeof(tally));
	tally.day = today_of_log();
	tally.registry = get_rel_namespace(guard->registry.roster);
	strlcpy(tally.told, told, sizeof(tally.told));
	strlcpy(tally.rule, guard->rules->rule[rule].id, sizeof(tally.rule));
	strlcpy(tally.finding, finding, sizeof(tally.finding));
	strlcpy(tally.relation, canonical_relations[relation].name,
			sizeof(tally.relation));
	strlcpy(tally.role, role, sizeof(tally.role));
	strlcpy(tally.application, application_name, sizeof(tally.application));
	tally.statements = 1;
	tally.rows = rows;

	fd = OpenTransientFile(path, O_RDWR | O_CREAT | PG_BINARY);
	counted = fd >= 0 && lock_tallies(fd, LOCK_EX) && add_tally(fd, &tally);
	if (!counted)
		ereport(LOG,
				(errmsg("osms could not count in file \"%s\": %m", path)));
	if (fd >= 0)
		CloseTransientFile(fd);
}

/* All tallies of this database; their number. */
static int64
all_tallies(Tally **tallies)
{
	const char *path = tally_file();
	int			fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	int64		n;

	if (fd < 0 && errno == ENOENT)	/* nothing was counted yet */
		return 0;
	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path)));
	if (!lock_tallies(fd, LOCK_SH))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("could not lock file \"%s\" for %d ms", path, LOCK_TRIES),
				 errhint("Ask again.")));
	n = Min(tallies_in(fd), TALLIES + 1);
	*tallies = palloc(Max(n, 1) * sizeof(Tally));
	n = read_tallies(fd, 0, n, *tallies);
	CloseTransientFile(fd);
	return n;
}

/* Errors: 3F000 for no registry, 42501 for who may not read its journal. */
static Oid
check_journal_reader(const char *name)
{
	Registry	registry;
	Oid			journal;

	registry_open(&registry, name);
	journal = get_relname_relid("journal",
								get_rel_namespace(registry.roster));
	if (!OidIsValid(journal) ||
		pg_class_aclcheck(journal, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the refusals of registry \"%s\"",
						registry.unquoted),
				 errhint("Who may SELECT from the registry's relation \"journal\" may read them.")));
	return get_rel_namespace(registry.roster);
}

/* A text of a tally, which ends within its field whatever the file holds. */
static Datum
tally_text(char *string, size_t size)
{
	string[size - 1] = '\0';
	return CStringGetTextDatum(string);
}

/* refusals(registry): the counters of a registry, a row each. */
Datum
osms_refusals(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			registry =
		check_journal_reader(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Tally	   *tallies;
	int64		n = all_tallies(&tallies);

	InitMaterializedSRF(fcinfo, 0);
	for (int64 i = 0; i < n; i++)
	{
		Tally	   *t = &tallies[i];
		bool		nulls[9] = {0};
		Datum		values[9];

		if (t->registry != registry)
			continue;
		values[0] = DateADTGetDatum(t->day);
		values[1] = tally_text(t->told, sizeof(t->told));
		values[2] = tally_text(t->rule, sizeof(t->rule));
		values[3] = tally_text(t->finding, sizeof(t->finding));
		values[4] = tally_text(t->relation, sizeof(t->relation));
		values[5] = tally_text(t->role, sizeof(t->role));
		values[6] = tally_text(t->application, sizeof(t->application));
		nulls[5] = nulls[6] = t->role[0] == '\0';
		values[7] = Int64GetDatum(t->statements);
		values[8] = Int64GetDatum(t->rows);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}
