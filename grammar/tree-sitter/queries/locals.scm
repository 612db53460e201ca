; Statements may stand in any order, so only what binds a name for a part of the text is told here: the
; arguments of functions and simulators, and the axis of a reduction.

(function) @local.scope
(simulator) @local.scope
(reduce) @local.scope

(input name: (name) @local.definition.parameter)
(reduce axis: (name) @local.definition.parameter)
(path . (name) @local.reference .)
