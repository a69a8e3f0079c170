# Ordinal omega, alpha of polychoric correlations and average variance extracted of items in ordered categories, by semTools.
#   Rscript make_ordered_reliability.R [FOLDER]      reads regions_ordered.csv and writes ordered_reliability.json there
# tests/test_ordered_reliability.py compares. No rung with equal thresholds: semTools takes no account of the intercepts that are free then.
source("oracle.R")
items <- c("two", "three", "five", "seven")
people <- stored("regions_ordered.csv")
of <- function(group = NULL, equal = "", parameterization = "delta") {
  args <- list(model = paste("f =~", paste(items, collapse = " + ")), data = people, ordered = items, std.lv = TRUE,
               missing = "listwise", parameterization = parameterization)
  if (!is.null(group)) args <- c(args, list(group = group, group.label = sort(unique(people[[group]])), group.equal = equal))
  fit <- suppressWarnings(do.call("cfa", args))
  stopifnot(lavInspect(fit, "converged"))
  if (is.null(group)) {
    old <- suppressWarnings(reliability(fit))
    return(list(omega = I(as.numeric(compRelSEM(fit))), ordinal_alpha = I(old["alpha.ord", "f"]), ave = I(old["avevar", "f"])))
  }
  old <- suppressWarnings(reliability(fit))
  list(omega = compRelSEM(fit)$f, ordinal_alpha = vapply(old, function(x) x["alpha.ord", "f"], 0), ave = vapply(old, function(x) x["avevar", "f"], 0))
}
found <- list(one = of(), configural = of("region"), loadings = of("region", "loadings"))
write(toJSON(c(found, lavaan = "0.6-14", semTools = "0.5-6"), digits = 10, auto_unbox = TRUE, pretty = TRUE), file.path(folder, "ordered_reliability.json"))
