# Lets a simulator in R be asked for draws by `sbi`: put this file beside yours.
#
#     source("sbi_worker.R")
#
#     simulate <- function(seed, spread, division) {
#       list(front = cumsum(rexp(25, spread)), cover = runif(1))
#     }
#
#     serve(simulate)
#
# and in the file `process("Rscript", "wound.R")` with `protocol "lines"`.
#
# `simulate` is called once for each draw: with its seed, a whole number below 2^53, and then the inputs of the
# `external` by their names. R's own random numbers are seeded from it beforehand, so that the same draw is the same
# again. It returns a list of all outputs: numbers, vectors or matrices in the shape of the file. A draw that stops with
# an error, or whose numbers are not all finite, is refused with the reason.
#
# What is printed while it serves goes to stderr, as stdout is for the answers. Needs the package jsonlite.

serve <- function(simulate) {
  if (!requireNamespace("jsonlite", quietly = TRUE)) {
    stop("sbi_worker.R needs jsonlite: Rscript -e 'install.packages(\"jsonlite\")'")
  }
  input <- file("stdin", open = "r")
  output <- file("/dev/stdout", open = "w")
  sink(stderr())

  hear <- function() {
    line <- readLines(input, n = 1)
    if (length(line) == 0) NULL else jsonlite::fromJSON(line)
  }
  say <- function(message) {
    # 15 significant digits are what jsonlite writes at most.
    line <- jsonlite::toJSON(message, digits = NA, na = "null", null = "null")
    writeLines(line, output)
    flush(output)
  }

  greeting <- hear()
  outputs <- names(greeting$outputs)
  is_number <- vapply(greeting$outputs, function(sizes) length(sizes) == 0, logical(1))
  say(list(ready = jsonlite::unbox(TRUE)))

  while (!is.null(request <- hear())) {
    made <- setNames(lapply(outputs, function(name) list()), outputs)
    failed <- setNames(list(), character(0))
    for (k in seq_along(request$draws)) {
      seed <- request$seeds[k]
      # R takes seeds of 31 bits.
      set.seed(seed %% 2147483647)
      inputs <- lapply(request$inputs, function(column) column[k])
      result <- tryCatch(do.call(simulate, c(list(seed), inputs)), error = function(e) conditionMessage(e))
      if (is.character(result)) {
        failed[[format(request$draws[k], scientific = FALSE)]] <- jsonlite::unbox(result[1])
        result <- NULL
      }
      for (name in outputs) {
        value <- if (is.null(result)) jsonlite::unbox(NA) else result[[name]]
        made[[name]][[k]] <- if (is_number[[name]] && !is.null(result)) jsonlite::unbox(value) else value
      }
    }
    say(list(id = jsonlite::unbox(request$id), outputs = made, failed = failed))
  }
}
