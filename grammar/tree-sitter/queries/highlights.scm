; Where several patterns match one node, the last one holds.

(comment) @comment
(doc_comment) @comment.documentation
(text) @string
(number) @number
(percent) @number
(year) @number
(truth) @boolean
(unit) @type
(unit_name) @type
(exponent) @number

; ---- names ---------------------------------------------------------------------------------------

(name) @variable
((name) @constant.builtin
  (#eq? @constant.builtin "pi"))
(label) @variable.parameter
(setting_name) @property
(member name: (name) @variable.member)
(input name: (name) @variable.parameter)
(formal name: (name) @variable.parameter)
(output name: (name) @variable.member)
(axes (name) @variable.parameter)
(reduce axis: (name) @variable.parameter)
(at axis: (name) @variable.parameter)
(draw at: (name) @variable.parameter)
(axis name: (name) @variable.parameter)
(constant name: (name) @constant)
(unit_definition name: (name) @type.definition)

(call function: (path (name) @function.call .))
(axis kind: [(path (name) @type .) (call function: (path (name) @type .))])
(reducer) @function.builtin
((call function: (path . (name) @function.builtin .))
  (#any-of? @function.builtin
    "abs" "atan" "ceil" "cos" "crossings" "exp" "floor" "gained" "interpolate" "log" "logistic" "max" "min"
    "mod" "round" "sign" "sin" "sqrt" "tan" "tanh"))
((call function: (path . (name) @function.builtin .))
  (#any-of? @function.builtin
    "bernoulli" "beta" "binomial" "categorical" "cauchy" "dirichlet" "exponential" "gamma"
    "gaussian_process" "half_normal" "inverse_gamma" "laplace" "lognormal" "multivariate_normal"
    "negative_binomial" "normal" "poisson" "student_t" "truncated_normal" "uniform" "weibull"))

(function name: (name) @function)
(simulator name: (name) @function)
(external name: (name) @function)
(model name: (name) @type)
(modality name: (name) @type)
(dynamics name: (name) @type)
(approximator name: (name) @type)
(train approximator: (path) @type)
(query name: (name) @type)
(use from: (name) @module)

; ---- words ---------------------------------------------------------------------------------------

(role) @keyword.type
(public) @keyword.modifier
"use" @keyword.import
"return" @keyword.return

[
  "edition"
  "unit"
  "const"
  "fn"
  "model"
  "simulator"
  "external"
  "approximator"
  "train"
  "query"
  "axis"
  "let"
  "depends"
  "missing"
  "modality"
  "dynamics"
  "noise"
  "init"
  "next"
  "stop"
  "when"
  "jump"
  "encode"
  "fuse"
  "posterior"
  "joint"
  "given"
  "at"
  "where"
  "infer"
  "all"
  "as"
  "by"
  "every"
  "extends"
  "for"
  "from"
  "of"
  "over"
  "probability"
  "rate"
  "with"
] @keyword

["if" "then" "else"] @keyword.conditional
["and" "or" "not" "in"] @keyword.operator

; ---- signs ---------------------------------------------------------------------------------------

["~" "|>" "->" "=" "'" ".." "+" "-" "*" "/" "^" "<" "<=" ">" ">=" "==" "!="] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":" "::" "."] @punctuation.delimiter
