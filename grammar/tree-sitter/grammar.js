/**
 * @file The tree-sitter twin of `grammar/sbi.pest`, which is the truth. Blocks have the names they have
 * there, and a test compares the words of both.
 *
 * - A newline is white space, save where the scanner takes it for the end of a statement: where a
 *   statement may end, and the next line does not start with what only goes on with this one.
 * - Statement words are contextual by themselves: a keyword is one only where the grammar has a place for
 *   it, and a name elsewhere. The rules `_free_*` are the places where both could stand.
 * @license MIT OR Apache-2.0
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

/** Never names, wherever they stand. */
const RESERVED = ['if', 'then', 'else', 'and', 'or', 'not', 'in', 'over', 'true', 'false'];

/** Reductions over an axis; names elsewhere. */
const REDUCERS = ['sum', 'mean', 'max', 'min', 'count', 'integral'];

/** How tightly operators bind, loosest first. */
const POWER = {
  conditional: -1,
  or: 1,
  and: 2,
  not: 3,
  compare: 4,
  range: 5,
  add: 6,
  multiply: 7,
  negate: 8,
  raise: 9,
  postfix: 10,
};

/** One or more, with commas between them and perhaps one behind. */
const list = (rule) => seq(rule, repeat(seq(',', rule)), optional(','));

/** One or more, with commas between them. */
const row = (rule) => seq(rule, repeat(seq(',', rule)));

/** Statements of one line each, and blocks; the last line may stand without its end. */
const lines = ($, line, block) =>
  seq(repeat(block ? choice(seq(line, $._line_end), block) : seq(line, $._line_end)), optional(line));

const EXPONENT = /\^[ \t]*(\(-?[0-9]+\/[0-9]+\)|-?[0-9]+(\.[0-9]+)?)/;

export default grammar({
  name: 'sbi',

  externals: ($) => [$._line_end],

  extras: ($) => [/[ \t\r\n]/, $.comment, $.doc_comment],

  word: ($) => $.name,

  reserved: { global: () => RESERVED },

  supertypes: ($) => [$.expression],

  // `when (` and `when [` start an event as well as the derivative of a state called `when`.
  conflicts: ($) => [[$._free_dynamics_word, $.event]],

  rules: {
    file: ($) => lines($, $._line_item, $._block_item),

    comment: () => token(choice(/\/\/([^\/\r\n][^\r\n]*)?/, /\/\/\/\/[^\r\n]*/)),
    doc_comment: () => token(/\/\/\/([^\/\r\n][^\r\n]*)?/),

    // ---- the file -----------------------------------------------------------------------------

    _line_item: ($) =>
      choice($.edition, $.use, $.constant, $.unit_definition, $.function, alias($._external_line, $.external)),
    _block_item: ($) => choice($.model, $.simulator, $.external, $.approximator, $.train, $.query),

    edition: ($) => seq('edition', field('year', $.year)),
    year: () => /[A-Za-z0-9_.\-]+/,

    // One rule for the whole path: after a `::` comes either a name more or the names in braces.
    use: ($) =>
      seq(
        'use',
        choice(
          field('from', $.text),
          seq(field('from', $.name), repeat(seq('::', field('from', $.name)))),
        ),
        optional(seq('::', field('names', $.use_names))),
        optional(seq('as', field('alias', $.name))),
      ),
    use_names: ($) => seq('{', list($.name), '}'),

    constant: ($) =>
      seq(optional($.public), 'const', $._target, optional($._ascription), choice($._equals, $._table)),
    unit_definition: ($) =>
      seq(optional($.public), 'unit', field('name', $.name), '=', optional($._unit_count), field('unit', $.unit)),
    _unit_count: ($) => field('factor', choice($.number, alias('1', $.number))),
    function: ($) =>
      seq(optional($.public), 'fn', field('name', $.name), $.inputs, optional($._ascription), $._equals),
    public: () => 'pub',

    inputs: ($) => seq('(', optional(list($.input)), ')'),
    input: ($) =>
      seq(field('name', $.name), optional($._ascription), optional(seq('=', field('default', $.expression)))),

    // ---- models -------------------------------------------------------------------------------

    model: ($) =>
      seq(
        optional($.public),
        'model',
        field('name', $.name),
        optional(seq('extends', field('extends', $.path))),
        field('body', $.model_body),
      ),
    model_body: ($) => seq('{', lines($, $._model_line, choice($.dynamics, $.modality)), '}'),
    _model_line: ($) =>
      choice(
        $.axis,
        $.node,
        $.let,
        $.constant,
        $.function,
        $.depends,
        $.missing,
        $.return,
        alias($.model_setting, $.setting),
      ),

    simulator: ($) =>
      seq(
        optional($.public),
        'simulator',
        field('name', $.name),
        $.inputs,
        $.outputs,
        field('body', $.model_body),
      ),
    outputs: ($) => seq('->', '{', list($.output), '}'),
    output: ($) => seq($._target, optional($._ascription)),

    external: ($) => seq($._external_head, field('body', $.external_body)),
    _external_line: ($) => $._external_head,
    _external_head: ($) =>
      seq(
        optional($.public),
        'external',
        field('name', $.name),
        $.inputs,
        $.outputs,
        '=',
        field('run', $._named_call),
      ),
    external_body: ($) =>
      seq('{', lines($, choice($.depends, alias($.external_setting, $.setting))), '}'),

    axis: ($) => seq('axis', field('name', $.name), ':', field('kind', $._named_call)),

    node: ($) => seq(field('role', $.role), $._target, optional($._ascription), $._definition),
    role: () => choice('param', 'latent', 'data'),
    _target: ($) => seq(field('name', $.name), optional(choice($.axes, $.formal))),
    axes: ($) => seq('[', row($.name), ']'),
    formal: ($) => seq('(', field('name', $.name), optional($._ascription), ')'),

    _definition: ($) => choice($._draws_from, $._equals),
    _draws_from: ($) => seq('~', field('draw', $.draw)),
    draw: ($) =>
      seq(
        field('from', $._named_call),
        repeat(seq('|>', field('through', $._named_call))),
        optional(seq('at', field('at', $.name))),
      ),
    _equals: ($) => seq('=', field('value', $.expression)),
    _table: ($) => seq('from', field('file', $.text), optional($.arguments)),

    let: ($) => seq('let', $._target, optional($._ascription), $._equals),
    depends: ($) => seq('depends', field('target', $.place), 'from', row(field('from', $.place))),
    place: ($) => seq(field('name', $.name), optional($.index)),
    missing: ($) =>
      seq(
        'missing',
        choice(
          seq(optional('all'), field('target', $.place)),
          field('target', alias($._free_all, $.place)),
        ),
        optional(seq('in', field('pattern', $._named_call))),
        'with',
        'probability',
        field('probability', $.expression),
      ),
    _free_all: ($) => seq(field('name', alias('all', $.name)), optional($.index)),
    return: ($) => seq('return', field('value', $.record)),

    modality: ($) => seq('modality', field('name', $.name), field('body', $.model_body)),

    dynamics: ($) =>
      seq(
        'dynamics',
        field('name', $.name),
        optional(seq('over', field('over', $.expression))),
        optional(seq('every', field('every', $.expression))),
        optional(seq('by', field('solver', $._named_call))),
        field('body', $.dynamics_body),
      ),
    dynamics_body: ($) => seq('{', lines($, $._dynamics_line, $.event), '}'),
    _dynamics_line: ($) => choice($.derivative, $.noise, $.init, $.next, $.let, $.stop),

    derivative: ($) =>
      seq(
        choice($._target, seq(field('name', alias($._free_dynamics_word, $.name)), optional(choice($.axes, $.formal)))),
        "'",
        $._equals,
      ),
    _free_dynamics_word: () => choice('noise', 'init', 'next', 'let', 'stop', 'when', 'jump'),
    noise: ($) => seq('noise', row($._target)),
    init: ($) => seq('init', $._target, optional($._ascription), $._definition),
    next: ($) => seq('next', $._target, optional($._ascription), $._definition),
    stop: ($) => seq('stop', 'when', field('condition', $.expression)),
    event: ($) =>
      seq(
        choice(
          seq('when', field('condition', $.expression)),
          seq('jump', 'at', 'rate', field('rate', $.expression)),
        ),
        field('body', $.event_body),
      ),
    event_body: ($) => seq('{', lines($, $.assignment), '}'),
    assignment: ($) => seq($._target, $._equals),

    // ---- approximators, training, queries --------------------------------------------------------

    approximator: ($) =>
      seq(
        'approximator',
        field('name', $.name),
        optional(seq('for', field('model', $.path))),
        optional(seq('extends', field('extends', $.path))),
        field('body', $.approximator_body),
      ),
    approximator_body: ($) => seq('{', lines($, choice($.encode, $.fuse, $.posterior, $.joint)), '}'),
    encode: ($) =>
      seq('encode', field('modality', $.name), optional(seq('with', field('encoder', $._named_call)))),
    fuse: ($) => seq('fuse', field('value', $.expression)),
    posterior: ($) => seq('posterior', 'with', field('network', $._named_call)),
    joint: ($) => seq('joint', 'with', field('network', $._named_call)),

    train: ($) => seq('train', field('approximator', $.path), field('body', $.train_body)),
    train_body: ($) => seq('{', lines($, alias($.train_setting, $.setting)), '}'),

    query: ($) =>
      seq(
        'query',
        field('name', $.name),
        optional(seq('of', field('approximator', $.path))),
        field('body', $.query_body),
      ),
    query_body: ($) => seq('{', lines($, $._query_line), '}'),
    _query_line: ($) =>
      choice($.prior, $.given, $.at, $.where, $.infer, alias($.query_setting, $.setting)),
    prior: ($) =>
      seq(field('role', alias('param', $.role)), $._target, optional($._ascription), $._draws_from),
    given: ($) => seq('given', field('target', $.place), choice($._equals, $._table)),
    at: ($) => seq('at', field('axis', $.name), $._equals),
    where: ($) => seq('where', field('condition', $.expression)),
    infer: ($) => seq('infer', row(field('target', $.place))),

    model_setting: ($) => seq(field('name', alias('on_failure', $.setting_name)), field('value', $.expression)),
    external_setting: ($) =>
      seq(
        field('name', alias(choice('protocol', 'batch', 'timeout', 'workers', 'on_failure'), $.setting_name)),
        field('value', $.expression),
      ),
    train_setting: ($) =>
      seq(
        field(
          'name',
          alias(choice('simulations', 'seed', 'steps', 'batch', 'learning_rate', 'focus'), $.setting_name),
        ),
        field('value', $.expression),
      ),
    query_setting: ($) =>
      seq(field('name', alias(choice('draws', 'steps'), $.setting_name)), field('value', $.expression)),

    // ---- expressions ---------------------------------------------------------------------------

    expression: ($) => choice($._operand, $.unary, $.binary, $.range, $.conditional),
    _operand: ($) => choice($.literal, $._primary),
    _primary: ($) =>
      choice($.reduce, $.truth, $.text, $.list, $.record, $.parenthesized, $.path, $.call, $.subscript, $.member),

    unary: ($) =>
      choice(
        prec(POWER.negate, seq(field('operator', '-'), field('operand', $.expression))),
        prec(POWER.not, seq(field('operator', 'not'), field('operand', $.expression))),
      ),
    binary: ($) => {
      const left = (power, operator) =>
        prec.left(
          power,
          seq(field('left', $.expression), field('operator', operator), field('right', $.expression)),
        );
      return choice(
        left(POWER.or, 'or'),
        left(POWER.and, 'and'),
        left(POWER.compare, choice('<', '<=', '>', '>=', '==', '!=', 'in')),
        left(POWER.add, choice('+', '-')),
        left(POWER.multiply, choice('*', '/')),
        prec.right(
          POWER.raise,
          seq(field('left', $.expression), field('operator', '^'), field('right', $.expression)),
        ),
      );
    },
    range: ($) =>
      prec.left(
        POWER.range,
        seq(field('low', $.expression), field('operator', '..'), field('high', $.expression)),
      ),
    conditional: ($) =>
      prec.right(
        POWER.conditional,
        seq(
          'if',
          field('condition', $.expression),
          'then',
          field('yes', $.expression),
          'else',
          field('no', $.expression),
        ),
      ),

    call: ($) => prec(POWER.postfix, seq(field('function', $._primary), $.arguments)),
    subscript: ($) => prec(POWER.postfix, seq(field('base', $._primary), $.index)),
    member: ($) => prec(POWER.postfix, seq(field('base', $._primary), '.', field('name', $.name))),
    arguments: ($) => seq('(', optional(list($.argument)), ')'),
    argument: ($) => seq(optional(seq(field('label', $._label), '=')), field('value', $.expression)),
    index: ($) => seq('[', row($.expression), ']'),

    /** What stands where the language wants a call: a distribution, a network, the kind of an axis. */
    _named_call: ($) => choice($.path, alias($._plain_call, $.call)),
    _plain_call: ($) => seq(field('function', $.path), $.arguments),

    reduce: ($) =>
      seq(field('reducer', $.reducer), 'over', field('axis', $.name), '(', field('body', $.expression), ')'),
    reducer: () => choice(...REDUCERS),
    truth: () => choice('true', 'false'),
    list: ($) => seq('[', optional(list($.expression)), ']'),
    record: ($) => seq('{', list($.field), '}'),
    field: ($) => seq(field('name', $._label), '=', field('value', $.expression)),
    parenthesized: ($) => seq('(', $.expression, ')'),

    path: ($) => seq(choice($.name, alias($._free_reducer, $.name)), repeat(seq('::', $.name))),
    _free_reducer: () => choice(...REDUCERS),
    _label: ($) => alias(choice($.name, ...RESERVED, ...REDUCERS), $.label),

    // ---- units ---------------------------------------------------------------------------------

    _ascription: ($) => seq(':', field('unit', $.unit)),
    unit: ($) => seq($._unit_factor, repeat(seq(choice('*', '/'), $._unit_factor))),
    _unit_factor: ($) =>
      seq(choice('1', $.unit_root, $.unit_group, $._unit_name), optional(alias(EXPONENT, $.exponent))),
    unit_root: ($) => seq('sqrt', '(', $.unit, ')'),
    unit_group: ($) => seq('(', $.unit, ')'),
    // A unit may be called `sqrt`, if no bracket follows.
    _unit_name: ($) => alias(choice($.name, 'sqrt'), $.unit_name),

    // ---- numbers, texts, names -------------------------------------------------------------------

    literal: ($) => seq($.number, optional(choice($.percent, field('unit', alias($._literal_unit, $.unit))))),
    percent: () => token.immediate('%'),
    _literal_unit: ($) =>
      seq(alias($.name, $.unit_name), optional(alias(token.immediate(EXPONENT), $.exponent))),
    number: () => /[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+\-]?[0-9]+)?/,

    text: () => /"[^"\r\n]*"/,
    name: () => /[A-Za-z_][A-Za-z0-9_]*/,
  },
});
