# What lavaan says of one draw of items in ordered categories: Rscript ordered.R ANSWERS WRITTEN
# The columns a1 ... of factor a, b1 ... of factor b; and group. WLSMV, delta, factors identified by unit variances; the ladder by Wu and
# Estabrook (2016), written out: thresholds, loadings and intercepts that are equal have one label, what they identify is free beyond group 1.
# Thresholds and polychoric correlations are computed once, with the first rung.
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
answers <- read.csv(args[1])
items <- setdiff(names(answers), "group")
steps <- vapply(answers[items], function(x) length(unique(x)) - 1L, 0L)
groups <- length(unique(answers$group))
each <- function(first, other) paste0("c(", paste(c(first, rep(other, groups - 1)), collapse = ","), ")")
label <- function(name, tied) paste0("c(", paste0(name, if (tied) "" else paste0("_", seq_len(groups)), collapse = ","), ")")
labels <- function(name, tied) if (tied) each(name, name) else label(name, FALSE)
written <- function(equal) {
  tied <- function(family) family %in% equal
  text <- character(0)
  for (factor in unique(substr(items, 1, 1))) {
    own <- items[substr(items, 1, 1) == factor]
    text <- c(text, paste(factor, "=~", paste0(each("NA", "NA"), "*", own, " + ", vapply(paste0("l", own), labels, "", tied("loadings")), "*", own, collapse = " + ")),
              paste(factor, "~~", if (tied("loadings")) each(1, "NA") else each(1, 1), "*", factor),
              paste(factor, "~", if (tied("intercepts")) each(0, "NA") else each(0, 0), "* 1"))
  }
  for (item in items) text <- c(text,
    paste(item, "|", paste0(vapply(paste0("t", item, seq_len(steps[[item]])), labels, "", tied("thresholds")), "*t", seq_len(steps[[item]]), collapse = " + ")),
    paste(item, "~", if (tied("thresholds") && !tied("intercepts")) each(0, "NA") else each(0, 0), "* 1"),
    paste(item, "~*~", if (tied("thresholds")) each(1, "NA") else each(1, 1), "*", item))
  paste(text, collapse = "\n")
}
rungs <- list(configural = character(0), thresholds = "thresholds", metric = c("thresholds", "loadings"), scalar = c("thresholds", "loadings", "intercepts"))
fits <- list(); shared <- list()
for (level in names(rungs)) {
  fits[[level]] <- do.call("cfa", c(list(written(rungs[[level]]), answers, group = "group", ordered = items, estimator = "WLSMV", baseline = FALSE), shared))
  stopifnot(lavInspect(fits[[level]], "converged"))
  if (!length(shared)) shared <- list(slotSampleStats = fits[[1]]@SampleStats, slotData = fits[[1]]@Data)
}
found <- unlist(lapply(fits, function(fit) fitMeasures(fit, c("chisq.scaled", "pvalue.scaled"))))
for (k in 2:4) {
  test <- lavTestLRT(fits[[k - 1]], fits[[k]])
  found[paste0(names(fits)[k], ".difference.", c("chisq", "pvalue"))] <- c(test[2, "Chisq diff"], test[2, "Pr(>Chisq)"])
}
e <- parameterEstimates(fits$scalar)
e <- e[e$op == "=~" & e$group == 1 | e$op == "~1" & e$group > 1 & e$lhs %in% unique(substr(items, 1, 1)), ]
rows <- rbind(data.frame(what = names(found), value = found, se = NA), data.frame(what = paste0(e$lhs, e$op, e$rhs), value = e$est, se = e$se))
rows[c("value", "se")] <- lapply(rows[c("value", "se")], formatC, digits = 15, format = "g")
write.csv(rows, args[2], row.names = FALSE, quote = FALSE)
