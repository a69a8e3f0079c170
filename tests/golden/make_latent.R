# Latent means, variances and contrasts of three regions under a partial model: what lavaan returns, contrasts through :=.
#   Rscript make_latent.R [FOLDER]      writes a JSON file a case into latent/, from four_regions.csv of make_golden.R
# tests/test_latent.py compares. See make_golden.R for how calls and figures are kept.
source("oracle.R")
into <- file.path(folder, "latent")
dir.create(into, showWarnings = FALSE)
regions <- c("east", "north", "south")
answers <- stored("four_regions.csv")
DATA <- list(four_regions.csv = answers[answers$region %in% regions, ])

# Everything tied by labels but for what is released in one group: i3's intercept, i7's loading and intercept in the
# south, i6's intercept in the east, which comes first.
free <- c("i3~1@south", "g=~i7@south", "i7~1@south", "i6~1@east")
cells <- function(stem, own = "") paste0("c(", paste0(stem, ifelse(regions == own, paste0("_", own), ""), collapse = ","), ")")
loadings <- function(factor, items) {
  labels <- vapply(items, function(item) cells(paste0("l_", item), if (item == "i7") "south" else ""), "")
  paste(factor, "=~", paste0(labels, "*", items, collapse = " + "))
}
released_in <- c(i3 = "south", i7 = "south", i6 = "east")
intercepts <- vapply(paste0("i", 1:8), function(item) {
  own <- if (item %in% names(released_in)) released_in[[item]] else ""
  paste(item, "~", paste0(cells(paste0("n_", item), own), "*1"))
}, "")
factors <- c("f", "g")
means <- paste0(factors, " ~ c(0,NA,NA)*1 + c(m_", factors, "_east,m_", factors, "_north,m_", factors, "_south)*1")
variances <- paste0(factors, " ~~ c(1,NA,NA)*", factors)
contrasts <- unlist(lapply(factors, function(k) {
  m <- function(region) paste0("m_", k, "_", region)
  c(paste0(k, "_north_east := ", m("north")), paste0(k, "_south_east := ", m("south")),      # the east's mean is 0
    paste0(k, "_south_north := ", m("south"), " - ", m("north")))
}))
written <- paste(c(loadings("f", paste0("i", 1:4)), loadings("g", paste0("i", 5:8)), intercepts, means, variances, contrasts), collapse = "\n")
two <- "f =~ i1 + i2 + i3 + i4\ng =~ i5 + i6 + i7 + i8"

latent <- function(name, ...) {
  call <- call_of("four_regions.csv", two, group = "region", std_lv = TRUE, equal = c("loadings", "intercepts"), free = free, ...)
  fit <- fitted_by(call, written)
  pe <- parameterEstimates(fit)
  frame <- function(rows, columns) as.data.frame(c(columns, list(est = as.numeric(rows$est), se = as.numeric(rows$se))), stringsAsFactors = FALSE)
  own <- function(op) {
    rows <- pe[pe$op == op & pe$lhs %in% factors & (op == "~1" | pe$lhs == pe$rhs), ]
    frame(rows, list(group = labels_of(fit)[rows$group], factor = rows$lhs))
  }
  defined <- pe[pe$op == ":=", ]; parts <- do.call(rbind, strsplit(defined$lhs, "_"))
  pairs <- cbind(frame(defined, list(factor = parts[, 1], group = parts[, 2], other = parts[, 3])),
                 data.frame(z = as.numeric(defined$z), pvalue = as.numeric(defined$pvalue)))
  pairs$pvalue_holm <- p.adjust(pairs$pvalue, "holm"); pairs$pvalue_fdr_bh <- p.adjust(pairs$pvalue, "BH")
  file_of(name, list(call = call_json(call), groups = json(I(labels_of(fit))), means = table_of(own("~1")),
                     variances = table_of(own("~~")), contrasts = table_of(pairs),
                     chisq = json(as.numeric(fitMeasures(fit, "chisq"))), df = json(as.integer(fitMeasures(fit, "df")))))
}
latent("regions_ml")
latent("regions_mlr", estimator = "MLR")
