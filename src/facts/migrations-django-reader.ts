/**
 * What runs inside the application's image to read its Django migrations. It writes nothing: the connection is set
 * to read-only before the first question. Django's own loader and executor say what a target really undoes; every
 * operation is then walked to its innermost ones, because the text of `migrate --plan` hides what is wrapped.
 *
 * `REQUEST` stands before it: `{"app": …, "target": …, "alias": …, "connect": true, "lockTimeout": "2s"}`. One line of JSON comes out,
 * after a mark, since settings and applications print what they like.
 */

/** What stands before the answer on its line. */
export const ANSWER_MARK = 'KNEEBOARD-ANSWER '

export const DJANGO_READER = String.raw`
import ast, inspect, json, os, re, sys, textwrap

answer_to, sys.stdout = sys.stdout, sys.stderr
sys.path.insert(0, os.getcwd())
if not os.environ.get('DJANGO_SETTINGS_MODULE') and os.path.exists('manage.py'):
    found = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", open('manage.py').read())
    if found:
        os.environ['DJANGO_SETTINGS_MODULE'] = found.group(1)

import django
django.setup()
from django.apps import apps as installed
from django.db import connections, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

connection = connections[REQUEST['alias']]


def key(node):
    return '%s.%s' % (node[0], node[1])


# --- one direction of an operation, as a change to the database ---

def literal(value):
    """A default as PostgreSQL prints it; None when there is none, or it is nothing that can be compared."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return str(value) if isinstance(value, (str, int)) else None


def effective_default(field):
    try:
        return connection.schema_editor(collect_sql=True).effective_default(field)
    except Exception:
        return None


def column_facts(field):
    default = effective_default(field)
    in_database = getattr(field, 'db_default', NOT_PROVIDED) is not NOT_PROVIDED
    return {
        'type': field.db_parameters(connection)['type'] or '',
        'nullable': bool(field.null),
        'unique': bool(field.unique) and not field.primary_key,
        'maxLength': field.max_length if isinstance(field.max_length, int) else None,
        'fills': default is not None or in_database,
        'databaseDefault': in_database,
        'default': literal(default),
    }


def through_of(field):
    through = getattr(getattr(field, 'remote_field', None), 'through', None)
    if field.many_to_many and through is not None and through._meta.auto_created:
        return through._meta.db_table
    return None


def table_changes(kind, model):
    tables = [model._meta.db_table] + [t for t in map(through_of, model._meta.local_many_to_many) if t]
    return [{'kind': kind, 'table': table} for table in tables]


def field_changes(kind, model, field):
    if field.many_to_many:
        through = through_of(field)
        made = 'create-table' if kind == 'add-column' else 'drop-table'
        return [{'kind': made, 'table': through}] if through else []
    if not getattr(field, 'column', None):
        return []
    return [dict(column_facts(field), kind=kind, table=model._meta.db_table, column=field.column)]


def altered(model, old, new):
    if old.many_to_many or new.many_to_many or not getattr(old, 'column', None) or not getattr(new, 'column', None):
        return []
    table, changes = model._meta.db_table, []
    if old.column != new.column:
        changes.append({'kind': 'rename-column', 'table': table, 'column': old.column, 'to': new.column})
    before, after = column_facts(old), column_facts(new)
    shape = lambda facts: (facts['type'], facts['nullable'], facts['unique'])
    if shape(before) != shape(after):
        changes.append({'kind': 'alter-column', 'table': table, 'column': new.column, 'before': before, 'after': after})
    return changes


def columns_of(model, names):
    return [model._meta.get_field(name).column for name in names]


def together(op, app, before, after, name):
    was = before.apps.get_model(app, op.name)
    now = after.apps.get_model(app, op.name)
    sets = lambda model: {tuple(fields) for fields in getattr(model._meta, op.option_name)}
    unique = op.option_name == 'unique_together'
    kind = 'constraint' if unique else 'index'
    table = now._meta.db_table
    made = [{'kind': 'add-' + kind, 'table': table, 'unique': unique, 'columns': columns_of(now, fields)}
            for fields in sorted(sets(now) - sets(was))]
    gone = [{'kind': 'drop-' + kind, 'table': table, 'unique': unique, 'columns': columns_of(was, fields)}
            for fields in sorted(sets(was) - sets(now))]
    return gone + made


def sql_of(sql):
    if sql is None:
        return None
    if isinstance(sql, (list, tuple)):
        parts = [part[0] if isinstance(part, (list, tuple)) else part for part in sql]
        return ';\n'.join(part.strip().rstrip(';') for part in parts if part)
    return sql


def ends_in(function):
    """'nothing' for an empty function, 'raise' for one that only refuses, else 'code'."""
    if function is migrations.RunPython.noop:
        return 'nothing'
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        body = [line for line in tree.body
                if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    except Exception:
        return 'code'
    if all(isinstance(line, ast.Pass) or isinstance(line, ast.Return) and line.value is None for line in body):
        return 'nothing'
    return 'raise' if isinstance(body[0], ast.Raise) else 'code'


def python_change(function, missing):
    if function is None:
        return {'kind': 'impossible', 'reason': missing}
    name = getattr(function, '__name__', 'a function')
    ending = ends_in(function)
    if ending == 'nothing':
        return {'kind': 'nothing', 'reason': 'it says that there is nothing to do'}
    if ending == 'raise':
        return {'kind': 'impossible', 'reason': 'its function %s only refuses' % name}
    return {'kind': 'code', 'name': name, 'says': (inspect.getdoc(function) or '').split('\n')[0][:200]}


def sql_change(sql, missing):
    text = sql_of(sql)
    if text is None:
        return {'kind': 'impossible', 'reason': missing}
    if text.strip() == '':
        return {'kind': 'nothing', 'reason': 'it says that there is nothing to do'}
    return {'kind': 'sql', 'text': text[:8000]}


OPPOSITE = {'create-table': 'drop-table', 'drop-table': 'create-table', 'add-column': 'drop-column',
            'drop-column': 'add-column', 'add-index': 'drop-index', 'drop-index': 'add-index',
            'add-constraint': 'drop-constraint', 'drop-constraint': 'add-constraint'}


def opposite(change):
    if change['kind'] in OPPOSITE:
        return dict(change, kind=OPPOSITE[change['kind']])
    if change['kind'] == 'rename-column':
        return dict(change, column=change['to'], to=change['column'])
    if change['kind'] == 'rename-table':
        return dict(change, table=change['to'], to=change['table'])
    if change['kind'] == 'alter-column':
        return dict(change, before=change['after'], after=change['before'])
    return change


def mirrored(changes):
    return changes, [opposite(change) for change in reversed(changes)]


def both_ways(op, app, before, after):
    """(forward, backward) of an operation that Django itself brings; None for one that it does not know."""
    ops = migrations
    model = lambda state, name: state.apps.get_model(app, name)
    if isinstance(op, ops.RunPython):
        return ([python_change(op.code, '')], [python_change(op.reverse_code, 'RunPython without a way back')])
    if isinstance(op, ops.RunSQL):
        return ([sql_change(op.sql, '')], [sql_change(op.reverse_sql, 'RunSQL without a way back')])
    if isinstance(op, (ops.AlterModelOptions, ops.AlterModelManagers)) or type(op).__name__ in (
            'AlterModelTableComment', 'RenameIndex', 'ValidateConstraint'):
        return [], []
    if isinstance(op, (ops.CreateModel, ops.DeleteModel)):
        made = isinstance(op, ops.CreateModel)
        state = after if made else before
        if not op.allow_migrate_model(connection.alias, model(state, op.name)):
            return [], []
        return mirrored(table_changes('create-table' if made else 'drop-table', model(state, op.name)))
    if isinstance(op, ops.RenameModel):
        old, new = model(before, op.old_name)._meta, model(after, op.new_name)._meta
        renamed = [{'kind': 'rename-table', 'table': old.db_table, 'to': new.db_table}]
        return mirrored(renamed if old.db_table != new.db_table and old.managed else [])
    if isinstance(op, ops.AlterModelTable):
        old, new = model(before, op.name)._meta, model(after, op.name)._meta
        renamed = [{'kind': 'rename-table', 'table': old.db_table, 'to': new.db_table}]
        return mirrored(renamed if old.db_table != new.db_table and old.managed else [])
    name = getattr(op, 'model_name', None) or getattr(op, 'name', None)
    if name and isinstance(op, (ops.AddField, ops.RemoveField, ops.AlterField, ops.RenameField)):
        if not op.allow_migrate_model(connection.alias, model(after, name)):
            return [], []
    if isinstance(op, (ops.AddField, ops.RemoveField)):
        made = isinstance(op, ops.AddField)
        owner = model(after if made else before, name)
        return mirrored(field_changes('add-column' if made else 'drop-column', owner, owner._meta.get_field(op.name)))
    if isinstance(op, (ops.AlterField, ops.RenameField)):
        rename = isinstance(op, ops.RenameField)
        old = model(before, name)._meta.get_field(op.old_name if rename else op.name)
        new = model(after, name)._meta.get_field(op.new_name if rename else op.name)
        return mirrored(altered(model(after, name), old, new))
    if isinstance(op, (ops.AlterUniqueTogether, ops.AlterIndexTogether)):
        return mirrored(together(op, app, before, after, op.name))
    if isinstance(op, ops.AlterOrderWithRespectTo):
        owner = model(after, op.name)
        if op.order_with_respect_to:
            return mirrored(field_changes('add-column', owner, owner._meta.get_field('_order')))
        owner = model(before, op.name)
        return mirrored(field_changes('drop-column', owner, owner._meta.get_field('_order')))
    if isinstance(op, (ops.AddIndex, ops.RemoveIndex)):
        made = isinstance(op, ops.AddIndex)
        change = {'kind': 'add-index' if made else 'drop-index', 'table': model(after, name)._meta.db_table,
                  'name': op.index.name if made else op.name, 'unique': False,
                  'concurrently': type(op).__name__.endswith('Concurrently')}
        return mirrored([change])
    if isinstance(op, (ops.AddConstraint, ops.RemoveConstraint)):
        made = isinstance(op, ops.AddConstraint)
        change = {'kind': 'add-constraint' if made else 'drop-constraint', 'table': model(after, name)._meta.db_table,
                  'name': op.constraint.name if made else op.name}
        return mirrored([change])
    return None


def inner(op):
    """The operations that another one holds, other than those that only change Django's own picture."""
    if isinstance(op, migrations.SeparateDatabaseAndState):
        return list(op.database_operations)
    held = []
    for name, value in vars(op).items():
        if name == 'state_operations' or name.startswith('_'):
            continue
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(item, Operation):
                held.append(item)
    return held


def cannot_go_back(op):
    if not getattr(op, 'reversible', True):
        return '%s says that it cannot be reversed' % type(op).__name__
    if type(op).database_backwards is Operation.database_backwards:
        return '%s has no way back' % type(op).__name__
    return None


def title_of(op):
    try:
        return op.describe()
    except Exception:
        return type(op).__name__


def walk(op, app, state, place, refused):
    """Entries of an operation's innermost ones, and the state after it."""
    after = state.clone()
    op.state_forwards(app, after)
    name = type(op).__name__
    own = None if type(op).__module__.startswith('django.') else '%s.%s' % (type(op).__module__, name)
    refusal = refused or cannot_go_back(op)
    held = inner(op)
    if held or isinstance(op, migrations.SeparateDatabaseAndState):
        entries, within = [], state
        for index, item in enumerate(held):
            more, within = walk(item, app, within, place + [index], refusal)
            entries += more
        return entries, after
    changes = both_ways(op, app, state, after)
    if changes is None:
        said = {'kind': 'unknown', 'reason': own or name}
        changes = [said], [said]
    forward, backward = changes
    if refusal and not any(change['kind'] == 'impossible' for change in backward):
        backward = [{'kind': 'impossible', 'reason': refusal}]
    entry = {'place': '.'.join(str(part + 1) for part in place), 'type': name, 'custom': own or '',
             'title': title_of(op), 'forward': forward, 'backward': backward,
             'irreversibleByPlan': False}
    return [entry], after


def migration_facts(loader, migration, applied_at):
    node = (migration.app_label, migration.name)
    entries, trouble = [], ''
    try:
        state = loader.project_state(node, at_end=False)
        for index, op in enumerate(migration.operations):
            more, state = walk(op, migration.app_label, state, [index], None)
            for entry in more:
                entry['irreversibleByPlan'] = not getattr(op, 'reversible', True)
            entries += more
    except Exception as error:
        trouble = '%s: %s' % (type(error).__name__, error)
    return {'key': key(node), 'atomic': bool(migration.atomic), 'appliedAt': applied_at.get(node),
            'dependsOn': sorted(key(parent) for parent in migration.dependencies if len(parent) == 2),
            'replaces': [key(node) for node in migration.replaces], 'operations': entries, 'problem': trouble}


# --- the target ---

def resolve(loader, applied):
    app, name = REQUEST['app'], REQUEST['target']
    if not app:
        return None, 'no app is named'
    if app not in loader.migrated_apps:
        return None, 'there is no app "%s" with migrations' % app
    if not name:
        return None, 'no migration is named'
    if name == 'zero':
        return (app, None), ''
    if (app, name) in loader.graph.nodes:
        return (app, name), ''
    starting = [node for node in loader.graph.nodes if node[0] == app and node[1].startswith(name)]
    if len(starting) == 1:
        return starting[0], ''
    if starting:
        return None, '"%s" is the beginning of %d migrations' % (name, len(starting))
    gone = [old for old in loader.disk_migrations.values() for node in old.replaces if node == (app, name)]
    if gone:
        return None, '%s.%s was squashed into %s' % (app, name, gone[0].name)
    return None, 'there is no migration "%s" in %s' % (name, app)


def models_now():
    found = []
    for model in installed.get_models(include_auto_created=True, include_swapped=False):
        meta = model._meta
        if meta.managed and not meta.proxy and meta.can_migrate(connection.alias):
            found.append({'model': meta.label, 'table': meta.db_table,
                          'columns': [field.column for field in meta.local_concrete_fields]})
    return found


def known_of(loader):
    return sorted(key(node) for node in loader.disk_migrations)


answer = {'tool': 'django', 'version': django.get_version(), 'models': models_now(), 'obeysOptions': False}
if not REQUEST['connect']:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    answer['known'] = known_of(loader)
else:
    connection.connect()
    if connection.vendor == 'postgresql':
        with connection.cursor() as cursor:
            cursor.execute('SHOW lock_timeout')
            answer['obeysOptions'] = cursor.fetchone()[0] == REQUEST['lockTimeout']
            cursor.execute('SET default_transaction_read_only = on; SET statement_timeout = 15000; SET lock_timeout = 2000')
    executor = MigrationExecutor(connection)
    loader = executor.loader
    rows = []
    if executor.recorder.has_table():
        with connection.cursor() as cursor:
            cursor.execute('SELECT app, name, applied FROM django_migrations ORDER BY id')
            rows = cursor.fetchall()
    applied_at = {(app, name): at.isoformat() for app, name, at in rows}
    replaced = {node for migration in loader.disk_migrations.values() for node in migration.replaces}
    applied = set(loader.applied_migrations)
    try:
        loader.check_consistent_history(connection)
        inconsistent = ''
    except Exception as error:
        inconsistent = str(error)
    target, problem = resolve(loader, applied)
    pending = [migration for migration, backwards in executor.migration_plan(loader.graph.leaf_nodes()) if not backwards]
    back, ahead = [], []
    if target is not None:
        plan = executor.migration_plan([target])
        back = [migration for migration, backwards in plan if backwards]
        ahead = [migration for migration, backwards in plan if not backwards]
    answer.update({
        'known': known_of(loader),
        'vendor': connection.vendor,
        'database': connection.settings_dict['NAME'],
        'otherDatabases': sorted(set(connections) - {connection.alias}),
        'applied': [{'key': key((app, name)), 'at': at.isoformat()} for app, name, at in rows],
        'recorded': [key((app, name)) for app, name, at in rows],
        'unknown': [key((app, name)) for app, name, at in rows
                    if (app, name) not in loader.disk_migrations and (app, name) not in replaced],
        'twice': sorted({key((app, name)) for app, name, at in rows
                         if [row[:2] for row in rows].count((app, name)) > 1}),
        'inconsistent': inconsistent,
        'conflicts': {app: sorted(names) for app, names in loader.detect_conflicts().items()},
        'target': {'key': '' if target is None else '%s.%s' % (target[0], target[1] or 'zero'), 'problem': problem,
                   'ahead': [key((migration.app_label, migration.name)) for migration in ahead]},
        'back': [migration_facts(loader, migration, applied_at) for migration in back],
        'pending': [migration_facts(loader, migration, applied_at) for migration in pending],
    })
answer_to.write('${ANSWER_MARK}' + json.dumps(answer) + '\n')
answer_to.flush()
`
