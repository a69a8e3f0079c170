# The ladder of Wu and Estabrook (2016) in lavaan's words, delta, factors of unit variance: what is equal has one label in all groups; what equal
# thresholds, loadings and intercepts identify is free beyond the first. `factors`: items by factor; `steps`: thresholds by item.
ordered_ladder <- list(configural = character(0), thresholds = "thresholds", metric = c("thresholds", "loadings"), scalar = c("thresholds", "loadings", "intercepts"))
ordered_syntax <- function(factors, steps, groups, equal) {
  tied <- function(family) family %in% equal
  each <- function(first, other = first) paste0("c(", paste(c(first, rep(other, groups - 1)), collapse = ","), ")")
  labels <- function(names, family) vapply(names, function(name) if (tied(family)) each(name) else paste0("c(", paste0(name, "_", seq_len(groups), collapse = ","), ")"), "")
  text <- character(0)
  for (factor in names(factors)) {
    own <- factors[[factor]]
    text <- c(text, paste(factor, "=~", paste0(each("NA"), "*", own, " + ", labels(paste0("l", own), "loadings"), "*", own, collapse = " + ")),
              paste(factor, "~~", if (tied("loadings")) each(1, "NA") else each(1), "*", factor),
              paste(factor, "~", if (tied("intercepts")) each(0, "NA") else each(0), "* 1"))
  }
  for (item in unlist(factors)) {
    numbers <- seq_len(steps[[item]])
    text <- c(text, paste(item, "|", paste0(labels(paste0("t", item, numbers), "thresholds"), "*t", numbers, collapse = " + ")),
              paste(item, "~", if (tied("thresholds") && !tied("intercepts")) each(0, "NA") else each(0), "* 1"),
              paste(item, "~*~", if (tied("thresholds")) each(1, "NA") else each(1), "*", item))
  }
  paste(text, collapse = "\n")
}
