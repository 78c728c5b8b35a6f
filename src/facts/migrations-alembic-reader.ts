/**
 * What runs inside the application's image to read its Alembic migrations, with the same answer as Django's reader.
 * It connects to nothing: which revisions the database has is asked before, and given in `REQUEST`
 * (`{"target": …, "heads": […], "database": …, "obeysOptions": …}`). What a revision does is read from the text of its `upgrade` and `downgrade`.
 */

import { ANSWER_MARK } from './migrations-django-reader.ts'

export const ALEMBIC_READER = String.raw`
import ast, inspect, json, os, sys, textwrap

answer_to, sys.stdout = sys.stdout, sys.stderr
sys.path.insert(0, os.getcwd())
import alembic
from alembic.config import Config
from alembic.script import ScriptDirectory

script = ScriptDirectory.from_config(Config(os.environ.get('ALEMBIC_CONFIG', 'alembic.ini')))
revisions = {revision.revision: revision for revision in script.walk_revisions()}


def listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value] if value else []


def parents(revision):
    found = set(listed(revision.down_revision))
    for name in listed(revision.dependencies):
        found.update(item.revision for item in script.get_revisions(name))
    return found


def with_ancestors(names):
    found, left = set(), list(names)
    while left:
        name = left.pop()
        if name in revisions and name not in found:
            found.add(name)
            left.extend(parents(revisions[name]))
    return found


def newest_first(names):
    return [revision for revision in script.walk_revisions() if revision.revision in names]


# --- what a function does, read from its text ---

def value_of(node):
    try:
        return ast.literal_eval(node)
    except Exception:
        return None


def column_facts(call):
    words = {word.arg: word.value for word in call.keywords}
    nullable = value_of(words['nullable']) if 'nullable' in words else not value_of(words.get('primary_key'))
    in_database = 'server_default' in words and not (
        isinstance(words['server_default'], ast.Constant) and words['server_default'].value is None)
    kind = next((part for part in call.args[1:] if not isinstance(part, ast.Constant)), None)
    shown = ast.unparse(kind) if kind is not None and hasattr(ast, 'unparse') else ''
    length = next((value_of(word.value) for word in getattr(kind, 'keywords', []) if word.arg == 'length'), None)
    return {'type': shown, 'nullable': bool(nullable), 'unique': bool(value_of(words.get('unique'))),
            'maxLength': length if isinstance(length, int) else None, 'fills': in_database,
            'databaseDefault': in_database, 'default': None}


def text_of(node):
    """The SQL of execute('…') and execute(sa.text('…')); None when it is put together at run time."""
    if isinstance(node, ast.Call) and node.args:
        return text_of(node.args[0])
    value = value_of(node)
    return value if isinstance(value, str) else None


def change_of(call, table):
    name = call.func.attr
    given = [value_of(part) for part in call.args]
    words = {word.arg: value_of(word.value) for word in call.keywords}
    at = 0 if table is not None else 1
    table = table if table is not None else words.get('table_name') or (given[0] if given else None)
    where = lambda index, word: given[index] if len(given) > index else words.get(word)
    if name == 'add_column':
        column = next((part for part in call.args if isinstance(part, ast.Call)), None)
        facts = column_facts(column) if column is not None else {}
        named = value_of(column.args[0]) if column is not None and column.args else None
        return dict(facts, kind='add-column', table=table, column=named), table and named
    if name == 'drop_column':
        column = where(at, 'column_name')
        return {'kind': 'drop-column', 'table': table, 'column': column}, column
    if name == 'alter_column':
        column, to = where(at, 'column_name'), words.get('new_column_name')
        if to and not set(words) - {'new_column_name', 'table_name', 'column_name', 'schema'} - {
                word for word in words if word.startswith('existing_')}:
            return {'kind': 'rename-column', 'table': table, 'column': column, 'to': to}, column
        unset = {'type': '', 'nullable': True, 'unique': False, 'maxLength': None, 'fills': False,
                 'databaseDefault': False, 'default': None}
        typed = next((word.value for word in call.keywords if word.arg == 'type_'), None)
        was = next((word.value for word in call.keywords if word.arg == 'existing_type'), None)
        shown = lambda node: ast.unparse(node) if node is not None and hasattr(ast, 'unparse') else ''
        to_null = words.get('nullable')
        after = dict(unset, type=shown(typed) or shown(was), nullable=True if to_null is None else bool(to_null))
        before = dict(unset, type=shown(was) if typed is None or was is not None else '(another type)',
                      nullable=after['nullable'] if to_null is None else not to_null)
        return {'kind': 'alter-column', 'table': table, 'column': to or column, 'before': before, 'after': after}, column
    if name in ('create_table', 'drop_table'):
        return {'kind': name.replace('_', '-'), 'table': table}, table
    if name == 'rename_table':
        return {'kind': 'rename-table', 'table': given[0], 'to': given[1]}, len(given) > 1
    if name in ('create_index', 'drop_index'):
        on = table if at == 0 else where(1, 'table_name')
        return {'kind': 'add-index' if name == 'create_index' else 'drop-index', 'table': on or '',
                'name': given[0] if given else words.get('index_name') or '', 'unique': bool(words.get('unique')),
                'concurrently': bool(words.get('postgresql_concurrently'))}, True
    if name == 'drop_constraint' or name.startswith('create_') and name.endswith(('_constraint', '_key')):
        on = table if at == 0 else where(1, 'table_name') or words.get('source_table')
        return {'kind': 'drop-constraint' if name == 'drop_constraint' else 'add-constraint', 'table': on or '',
                'name': given[0] if given else ''}, True
    if name == 'execute':
        text = text_of(call.args[0]) if call.args else None
        return {'kind': 'sql', 'text': (text or '')[:8000]}, text
    if name == 'bulk_insert':
        return {'kind': 'code', 'name': 'bulk_insert', 'says': 'inserts rows'}, True
    return None, None


READS = {'get_bind', 'get_context', 'f', 'invoke', 'batch_alter_table'}


def changes_of(function):
    """The changes of one function, in order; 'impossible' where it only refuses, 'unknown' where it cannot be read."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0].body
    except Exception:
        return [{'kind': 'unknown', 'reason': 'its text cannot be read'}]
    body = [line for line in body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    if all(isinstance(line, ast.Pass) or isinstance(line, ast.Return) and line.value is None for line in body):
        return [{'kind': 'nothing', 'reason': 'it says that there is nothing to do'}]
    if isinstance(body[0], ast.Raise):
        return [{'kind': 'impossible', 'reason': 'its function %s only refuses' % function.__name__}]
    found = []

    def statement(line, batch):
        if isinstance(line, ast.With):
            inner = dict(batch)
            for item in line.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and getattr(call.func, 'attr', '') == 'batch_alter_table':
                    if isinstance(item.optional_vars, ast.Name):
                        inner[item.optional_vars.id] = value_of(call.args[0]) if call.args else None
            for part in line.body:
                statement(part, inner)
            return
        call = line.value if isinstance(line, (ast.Expr, ast.Assign)) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ''
            if owner == 'op' or owner in batch:
                if call.func.attr in READS:
                    return
                change, whole = change_of(call, batch.get(owner))
                if change is not None and whole:
                    found.append(change)
                    return
        if isinstance(line, ast.Raise):
            found.append({'kind': 'impossible', 'reason': 'its function %s refuses on the way' % function.__name__})
        elif not isinstance(line, (ast.Pass, ast.Import, ast.ImportFrom)):
            shown = ast.unparse(line) if hasattr(ast, 'unparse') else type(line).__name__
            found.append({'kind': 'code', 'name': function.__name__, 'says': shown.split('\n')[0][:200]})

    for line in body:
        statement(line, {})
    return found


def migration_facts(revision):
    forward, backward = [], []
    problem = ''
    try:
        forward = changes_of(revision.module.upgrade)
        has_way_back = hasattr(revision.module, 'downgrade')
        backward = changes_of(revision.module.downgrade) if has_way_back else [
            {'kind': 'impossible', 'reason': 'it has no downgrade'}]
    except Exception as error:
        problem = '%s: %s' % (type(error).__name__, error)
    entry = {'place': '1', 'type': 'revision', 'custom': '', 'title': revision.doc or revision.revision,
             'forward': forward, 'backward': backward, 'irreversibleByPlan': False}
    return {'key': revision.revision, 'atomic': True, 'appliedAt': None, 'dependsOn': sorted(parents(revision)),
            'replaces': [], 'operations': [entry], 'problem': problem}


def resolve():
    target = REQUEST['target']
    if not target:
        return None, 'no migration is named'
    if target in ('zero', 'base'):
        return set(), ''
    found = [name for name in revisions if name.startswith(target)]
    if target in revisions:
        found = [target]
    if len(found) == 1:
        return {found[0]}, ''
    if found:
        return None, '"%s" is the beginning of %d revisions' % (target, len(found))
    return None, 'there is no revision "%s"' % target


heads = REQUEST['heads']
applied = with_ancestors(heads)
target, problem = resolve()
kept = set() if target is None else with_ancestors(target)
# A merge or a branch elsewhere stays: only what stands on the target goes, as "alembic downgrade" has it.
undone = set() if target is None else {
    name for name in applied - kept if not target or kept & with_ancestors([name]) >= target}
script_heads = list(script.get_heads())
chosen = '' if target is None else next(iter(target), 'base')
answer_to.write('${ANSWER_MARK}' + json.dumps({
    'tool': 'alembic', 'version': alembic.__version__, 'models': [],
    'known': sorted(revisions),
    'vendor': 'postgresql', 'database': REQUEST['database'], 'otherDatabases': [],
    'applied': [{'key': revision.revision, 'at': None} for revision in reversed(newest_first(applied))],
    'recorded': heads,
    'unknown': [name for name in heads if name not in revisions],
    'twice': [], 'inconsistent': '', 'obeysOptions': REQUEST['obeysOptions'],
    'conflicts': {'alembic': sorted(script_heads)} if len(script_heads) > 1 else {},
    'target': {'key': chosen, 'problem': problem,
               'ahead': [revision.revision for revision in reversed(newest_first(kept - applied))]},
    'back': [migration_facts(revision) for revision in newest_first(undone)],
    'pending': [migration_facts(revision) for revision in reversed(newest_first(set(revisions) - applied))],
}) + '\n')
answer_to.flush()
`
