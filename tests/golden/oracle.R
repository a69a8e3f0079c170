# How a call in this package's words becomes lavaan's, and how what lavaan returns is written down. Sourced by
# make_golden.R and make_robust.R, which hold the data and the cases. `DATA` are the answers by file name.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
stopifnot(packageVersion("lavaan") == "0.6.14", packageVersion("semTools") == "0.5.6")
folder <- commandArgs(TRUE)
folder <- if (length(folder)) folder[1] else "."
into <- folder                                                            # where the JSON files go

MEASURES <- c("npar", "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "cfi", "tli", "rmsea",
              "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.pvalue", "srmr", "logl", "aic", "bic", "ntotal")
INDICES <- c("cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.pvalue")
SCALED <- c("chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor", "baseline.chisq.scaled",
            "baseline.df.scaled", "baseline.chisq.scaling.factor", paste0(INDICES, ".scaled"))
ROBUST <- paste0(INDICES, ".robust")
# A call's measures: scaled ones for robust estimators, robust ones for these and for answers with holes.
measures_of <- function(call) {
  scaled <- !is.null(call$estimator) && call$estimator != "ML"
  c(MEASURES, if (scaled) SCALED, if (scaled || identical(call$missing, "fiml")) ROBUST)
}
COLUMNS <- c("lhs", "op", "rhs", "group", "est", "se", "z", "pvalue", "ci.lower", "ci.upper", "std.all")
FLAT <- 1e-11     # largest gradient entry (of lavaan's F, chi-square / 2n) with which a figure is stored

# A file's text decides: what the tests read is what lavaan was given.
stored <- function(file, frame = NULL) {
  path <- file.path(folder, file)
  if (!is.null(frame)) write.csv(frame, path, row.names = FALSE, quote = FALSE)
  read.csv(path, stringsAsFactors = FALSE)
}

# ---- calls and files -----------------------------------------------------------------------------------------------
# One call in the package's words. `written` is the same model in lavaan's own words where group.partial cannot say it.
call_of <- function(data, model, ...) c(list(data = data, model = model), list(...))
from_rows <- function(call) {
  args <- list(data = DATA[[call$data]], meanstructure = TRUE)
  if (!is.null(call$group)) {
    args$group <- call$group
    labels <- unique(args$data[[call$group]])
    if (!is.null(call$reference)) args$group.label <- c(call$reference, setdiff(labels, call$reference))
  }
  args
}
# Published tables, one a group: lavaan gets the numbers that are stored. It rescales covariances from n - 1 to n (its
# default), not correlations alone, whose unit variances stay so.
from_tables <- function(call) {
  tables <- call$data
  if (!is.null(call$reference)) tables <- tables[c(call$reference, setdiff(names(tables), call$reference))]
  if (is.null(call$group)) stopifnot(length(tables) == 1)
  bare <- function(x) if (length(x) == 1) x[[1]] else x
  first <- tables[[1]]; args <- list(sample.nobs = bare(unname(lapply(tables, `[[`, "n"))))
  args$sample.cov <- bare(lapply(tables, square))
  if (!is.null(first$means)) args$sample.mean <- bare(lapply(tables, function(t) setNames(as.numeric(t$means), t$items)))
  if (is.null(first$covariance) && is.null(first$sds)) args$sample.cov.rescale <- FALSE
  args$meanstructure <- !is.null(first$means)
  args
}
square <- function(table) {
  p <- length(table$items); s <- diag(p); dimnames(s) <- list(table$items, table$items)
  rows <- if (is.null(table$covariance)) table$correlation else table$covariance
  for (i in seq_len(p)) for (j in seq_along(rows[[i]])) s[i, j] <- s[j, i] <- rows[[i]][j]
  if (is.null(table$sds)) s else s * outer(as.numeric(table$sds), as.numeric(table$sds))
}
fitted_by <- function(call, written = NULL) {
  args <- if (is.list(call$data)) from_tables(call) else from_rows(call)
  args$model <- call$model; args$fixed.x <- TRUE
  args$estimator <- if (is.null(call$estimator)) "ML" else call$estimator
  if (identical(call$missing, "fiml")) { args$missing <- "fiml"; args$em.h1.tol <- 1e-13; args$em.h1.iter.max <- 20000L }
  args$sampling.weights <- call$weights; args$cluster <- call$cluster
  args$std.lv <- isTRUE(call$std_lv); args$orthogonal <- isTRUE(call$orthogonal)
  if (!is.null(call$group)) {
    if (length(call$equal)) args$group.equal <- call$equal
    if (length(call$free)) args$group.partial <- call$free
  }
  if (!is.null(written)) { args$model <- written; args$group.equal <- ""; args$group.partial <- "" }
  fit <- polished(do.call("sem", args), args)
  cat(sprintf("  chisq %.4f on %d df, gradient %.0e\n", fitMeasures(fit, "chisq"), as.integer(fitMeasures(fit, "df")), steepest(fit)))
  stopifnot(lavInspect(fit, "converged"), steepest(fit) < FLAT)
  fit
}
# The directions that the equalities leave, as columns; a solution's gradient along them.
directions <- function(fit) if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(length(lavInspect(fit, "gradient")))
steepest <- function(fit) max(abs(crossprod(directions(fit), as.numeric(lavInspect(fit, "gradient")))))
polished <- function(fit, args) {
  stopifnot(lavInspect(fit, "converged"))
  for (step in 1:8) {
    if (step > 2 && steepest(fit) < FLAT) break
    K <- directions(fit); hessian <- crossprod(K, lavInspect(fit, "information.observed") %*% K)
    change <- K %*% solve(hessian, crossprod(K, as.numeric(lavInspect(fit, "gradient"))))
    start <- parTable(fit); free <- start$free > 0
    start$est[free] <- start$est[free] - change[start$free[free]]
    fit <- do.call("sem", c(args, list(start = start, optim.method = "none", optim.force.converged = TRUE)))
  }
  fit
}
json <- function(x) as.character(toJSON(x, auto_unbox = TRUE, digits = I(10), na = "null", null = "null"))
one_line <- function(frame) paste0("    ", vapply(seq_len(nrow(frame)), function(i) json(unname(as.list(frame[i, ]))), ""), collapse = ",\n")
table_of <- function(frame) paste0("{\n   \"columns\": ", json(names(frame)), ",\n   \"rows\": [\n", one_line(frame), "\n   ]}")
by_key <- function(x) x[order(names(x))]
object_of <- function(x) paste0("{\n", paste0("   ", vapply(names(x), json, ""), ": ", vapply(x, json, ""), collapse = ",\n"), "}")
file_of <- function(name, parts) {
  parts <- by_key(c(parts, list(lavaan = json("0.6-14"), semTools = json("0.5-6"))))
  writeLines(paste0("{\n", paste0(" ", vapply(names(parts), json, ""), ": ", unlist(parts), collapse = ",\n"), "\n}"), file.path(into, paste0(name, ".json")))
  cat(name, "\n")
}
call_json <- function(call) {
  for (key in intersect(c("equal", "free"), names(call))) call[[key]] <- I(call[[key]])
  object_of(by_key(call))
}
labels_of <- function(fit) if (lavInspect(fit, "ngroups") > 1) lavInspect(fit, "group.label") else ""
estimates_of <- function(fit) {
  pe <- parameterEstimates(fit, standardized = TRUE, remove.eq = TRUE, remove.ineq = TRUE)
  pe$group <- if (is.null(pe$group)) "" else labels_of(fit)[pe$group]
  for (column in setdiff(COLUMNS, names(pe))) pe[[column]] <- NA
  as.data.frame(lapply(pe[pe$op %in% c("=~", "~~", "~", "~1"), COLUMNS], function(x) if (is.numeric(x)) as.numeric(x) else as.character(x)))
}
case <- function(name, ..., written = NULL) {
  call <- call_of(...); fit <- fitted_by(call, written)
  file_of(name, list(call = call_json(call), converged = "true", estimates = table_of(estimates_of(fit)),
                     fit = object_of(as.list(unclass(fitMeasures(fit, measures_of(call))))[measures_of(call)]),
                     groups = json(I(labels_of(fit))), nobs = json(I(lavInspect(fit, "nobs")))))
  invisible(fit)
}

LEVELS <- list(configural = character(0), metric = "loadings", scalar = c("loadings", "intercepts"),
               strict = c("loadings", "intercepts", "residuals"))
ladder <- function(name, ...) {
  fits <- list()
  for (level in names(LEVELS)) fits[[level]] <- case(paste0(name, "_", level), ..., equal = LEVELS[[level]])
  tests <- do.call(lavTestLRT, c(unname(fits), list(method = "default")))
  frame <- data.frame(level = names(fits), chisq_diff = as.numeric(tests[["Chisq diff"]]), df_diff = as.numeric(tests[["Df diff"]]), pvalue = as.numeric(tests[["Pr(>Chisq)"]]))
  file_of(paste0("lrt_", name), list(kind = json("difference"), levels = json(paste0(name, "_", names(fits))), tests = table_of(frame[-1, ])))
  invisible(fits)
}
# lavaan frees groups 2..G one at a time. With more than two groups, the first one's tests come from the same model in
# which every cell is tied to the second group's: releasing the first group from those ties frees it alone. (Turning the
# groups round would not do: with equal intercepts, what one free loading means depends on which factor mean is 0.)
# Where answers are missing the observed information, as for the standard errors (the expected one is lavaan's default).
tests_of <- function(fit) {
  information <- if (lavInspect(fit, "options")$missing == "listwise") "expected" else "observed"
  tests <- lavTestScore(fit, information = information)$uni; table <- parTable(fit)
  cell <- table[ifelse(is.na(match(tests$rhs, table$plabel)), match(tests$rhs, table$label), match(tests$rhs, table$plabel)), ]
  data.frame(lhs = cell$lhs, op = cell$op, rhs = cell$rhs, group = labels_of(fit)[cell$group], x2 = as.numeric(tests$X2), df = as.numeric(tests$df), pvalue = as.numeric(tests$p.value))
}
tied_to_second <- function(model, equal, groups) {
  lines <- strsplit(model, "\n")[[1]]; text <- character(0); ties <- character(0)
  labels <- function(stem) paste0("c(", paste0(stem, seq_len(groups), collapse = ","), ")")
  tie <- function(stem) paste0(stem, 2, " == ", stem, setdiff(seq_len(groups), 2))
  at <- function(value) paste0("c(", paste(c(value, rep("NA", groups - 1)), collapse = ","), ")")
  for (line in lines) {
    parts <- strsplit(line, " =~ ")[[1]]; factor <- parts[1]; items <- strsplit(parts[2], " \\+ ")[[1]]
    text <- c(text, paste(factor, "=~", paste0(vapply(paste0("l", items, "_"), labels, ""), "*", items, collapse = " + ")),
              paste(factor, "~~", at(1), "*", factor), paste(factor, "~", at(0), "* 1"), paste(items, "~", vapply(paste0("n", items, "_"), labels, ""), "* 1"))
    ties <- c(ties, unlist(lapply(c(paste0("l", items, "_"), paste0("n", items, "_")), tie)))
    if ("residuals" %in% equal) {
      text <- c(text, paste(items, "~~", vapply(paste0("t", items, "_"), labels, ""), "*", items))
      ties <- c(ties, unlist(lapply(paste0("t", items, "_"), tie)))
    }
  }
  paste(c(text, ties), collapse = "\n")
}
score <- function(name, ...) {
  call <- call_of(...); fit <- fitted_by(call); groups <- labels_of(fit); tests <- tests_of(fit)
  if (length(groups) > 2) {
    again <- tests_of(fitted_by(call, tied_to_second(call$model, call$equal, length(groups))))
    both <- merge(tests, again, by = c("lhs", "op", "rhs", "group"))      # groups 3..G: tested in either
    stopifnot(nrow(both) > 0, abs(both$x2.x - both$x2.y) < 1e-8)
    tests <- rbind(again[again$group == groups[1], ], tests)
  }
  file_of(name, list(call = call_json(call), groups = json(I(groups)), kind = json("score"), tests = table_of(tests)))
}
