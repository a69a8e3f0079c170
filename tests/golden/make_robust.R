# Robust estimators, answers with holes, weights and clusters: what lavaan and semTools return for stated calls.
#   Rscript make_robust.R [FOLDER]      writes offices.csv and few.csv there and a JSON file a case into robust/
# tests/test_robust_golden.py replays each call. See make_golden.R for how calls and figures are kept.
source("oracle.R")
into <- file.path(folder, "robust")
dir.create(into, showWarnings = FALSE)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# Answers of 400 people in three sites, 36 teams inside the sites and two generations across them. Items are skewed,
# teams differ, weights differ. i3 and i6 lack answers by chance, i8 where i1 is high, i4 mostly in the west; some
# have no tenure.
offices <- function() {
  set.seed(20240520)
  site <- rep(c("north", "south", "west"), c(150, 130, 120)); n <- length(site)
  sizes <- c(north = 14, south = 12, west = 10)
  team <- paste0(site, "-", ave(seq_len(n), site, FUN = function(i) sort(sample(sizes[[site[i[1]]]], length(i), TRUE))))
  generation <- sample(c("old", "young"), n, TRUE, c(.55, .45))
  tenure <- round(rexp(n, 1 / 6), 1); age <- round(25 + 15 * (generation == "old") + 10 * runif(n))
  shared <- rnorm(length(unique(team)), 0, .45)[match(team, unique(team))]
  f <- shared + .04 * tenure + rexp(n) - 1; g <- .5 * f + .3 * shared + .8 * (rchisq(n, 3) - 3) / sqrt(6)
  f <- f + .3 * (site == "south"); g <- g - .2 * (generation == "young")
  lambda <- c(.9, .8, .7, .75, .95, .8, .7, .6)
  items <- sapply(1:8, function(j) 4 + .1 * j + lambda[j] * (if (j <= 4) f else g) + .7 * (rchisq(n, 4) - 4) / sqrt(8))
  items[, 3] <- items[, 3] + .4 * (site == "west")
  items <- round(items, 2); colnames(items) <- paste0("i", 1:8)
  high <- items[, 1] > quantile(items[, 1], .6)
  items[runif(n) < .06, 3] <- NA; items[runif(n) < .08, 6] <- NA
  items[high & runif(n) < .25, 8] <- NA; items[site == "west" & runif(n) < .6, 4] <- NA
  weight <- round(exp(rnorm(n, 0, .4)) * (1 + .3 * (site == "south")), 3)
  tenure[runif(n) < .04] <- NA
  data.frame(site, team, generation, weight, tenure, age, items)[sample(n), ]
}
DATA <- list(holzinger.csv = stored("holzinger.csv"), offices.csv = stored("offices.csv", offices()))
H <- "holzinger.csv"; O <- "offices.csv"
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
two <- "f =~ i1 + i2 + i3 + i4\ng =~ i5 + i6 + i7 + i8"
full <- "h =~ i1 + i2 + i5 + i7"                             # items without holes
scalar <- c("loadings", "intercepts")
with <- function(...) paste(c(two, ...), collapse = "\n")

# ---- one group -----------------------------------------------------------------------------------------------------
case("ml_fiml", O, two, missing = "fiml")
case("mlr_fiml", O, two, estimator = "MLR", missing = "fiml")
case("mlr_listwise", O, two, estimator = "MLR")
case("mlm_listwise", O, two, estimator = "MLM")
case("mlr_hs", H, three, estimator = "MLR", std_lv = TRUE)
case("mlm_hs", H, three, estimator = "MLM", std_lv = TRUE)
case("mlr_saturated", H, "visual =~ x1 + x2 + x3", estimator = "MLR")
case("mlr_second_order", H, paste0(three, "\ng =~ visual + textual + speed"), estimator = "MLR")
case("mlm_second_order", H, paste0(three, "\ng =~ visual + textual + speed"), estimator = "MLM", std_lv = TRUE)

# ---- groups --------------------------------------------------------------------------------------------------------
for (estimator in c("ML", "MLR")) for (group in c("site", "generation"))
  for (level in names(LEVELS)) case(paste(tolower(estimator), "fiml", group, level, sep = "_"), O, two, estimator = estimator, missing = "fiml", group = group, std_lv = TRUE, equal = LEVELS[[level]])
for (estimator in c("MLR", "MLM"))
  for (level in names(LEVELS)) case(paste(tolower(estimator), "school", level, sep = "_"), H, three, estimator = estimator, group = "school", std_lv = TRUE, equal = LEVELS[[level]])
case("mlr_fiml_reference", O, two, estimator = "MLR", missing = "fiml", group = "site", reference = "west", equal = scalar)
case("mlr_fiml_partial", O, two, estimator = "MLR", missing = "fiml", group = "site", std_lv = TRUE, equal = scalar, free = c("i3~1", "g=~i7"))
case("mlm_listwise_generation", O, two, estimator = "MLM", group = "generation", equal = scalar)

# ---- weights -------------------------------------------------------------------------------------------------------
case("weights", O, full, estimator = "MLR", weights = "weight")
case("weights_listwise", O, two, estimator = "MLR", weights = "weight")
case("weights_listwise_site", O, two, estimator = "MLR", weights = "weight", group = "generation", std_lv = TRUE, equal = scalar)
case("weights_fiml", O, two, estimator = "MLR", weights = "weight", missing = "fiml")
case("weights_fiml_site", O, two, estimator = "MLR", weights = "weight", missing = "fiml", group = "site", std_lv = TRUE, equal = scalar)
case("weights_fiml_generation", O, two, estimator = "MLR", weights = "weight", missing = "fiml", group = "generation", std_lv = TRUE)

# ---- clusters, inside the groups where there are groups ------------------------------------------------------------
case("cluster", O, full, estimator = "MLR", cluster = "team")
case("cluster_fiml", O, two, estimator = "MLR", cluster = "team", missing = "fiml")
case("cluster_site_configural", O, full, estimator = "MLR", cluster = "team", group = "site")
case("cluster_site_scalar", O, full, estimator = "MLR", cluster = "team", group = "site", std_lv = TRUE, equal = scalar)
case("cluster_weights", O, full, estimator = "MLR", cluster = "team", weights = "weight")
case("cluster_weights_site", O, full, estimator = "MLR", cluster = "team", weights = "weight", group = "site", equal = scalar)
case("cluster_fiml_site", O, two, estimator = "MLR", cluster = "team", missing = "fiml", group = "site", std_lv = TRUE, equal = scalar)
case("cluster_weights_fiml_site", O, two, estimator = "MLR", cluster = "team", weights = "weight", missing = "fiml", group = "site", std_lv = TRUE, equal = "loadings")

# ---- what else a model can say -------------------------------------------------------------------------------------
case("labels", O, "f =~ i1 + a*i2 + a*i3 + i4\ng =~ i5 + i6 + i7 + i8\ni5 ~~ t*i5\ni6 ~~ t*i6", estimator = "MLR", missing = "fiml")
case("labels_groups", O, "f =~ i1 + a*i2 + i3 + i4\ng =~ i5 + i6 + c(b,d)*i7 + c(d,b)*i8", estimator = "MLR", missing = "fiml", group = "generation")
case("residual_covariance", O, with("i1 ~~ i2"), estimator = "MLR", missing = "fiml", group = "generation", std_lv = TRUE, equal = c("loadings", "residual.covariances"))
case("regression", O, with("g ~ f"), estimator = "MLR", missing = "fiml")
case("predictor", O, paste0(full, "\nh ~ age"), estimator = "MLR")
case("predictors", H, paste0(three, "\nvisual ~ ageyr\nspeed ~ ageyr + grade"), estimator = "MLR")
case("predictors_mlm", H, paste0(three, "\nvisual ~ ageyr\nspeed ~ ageyr + grade"), estimator = "MLM")
case("predictor_ml_fiml", O, with("f ~ age\ng ~ f"), missing = "fiml")
case("predictor_fiml", O, with("f ~ age\ng ~ f + age"), estimator = "MLR", missing = "fiml")
case("predictor_lacking", O, with("f ~ tenure + age\ng ~ f"), estimator = "MLR", missing = "fiml")
case("predictor_groups", O, with("f ~ tenure\ng ~ tenure + age"), estimator = "MLR", missing = "fiml", group = "site", equal = c("loadings", "intercepts", "regressions"))
case("predictor_weights", O, with("f ~ age\ng ~ age"), estimator = "MLR", missing = "fiml", weights = "weight", group = "generation", equal = "loadings")
case("predictor_cluster", O, with("f ~ tenure\ng ~ f"), estimator = "MLR", missing = "fiml", cluster = "team")

# ---- differences ---------------------------------------------------------------------------------------------------
# One rung against the one below, by lavaan's scalings. `2010` only where the freer model has every parameter of the
# restricted one: lavaan copies estimates by name, and what has no name there is left out.
SCALINGS <- list(satorra_bentler_2001 = list(method = "satorra.bentler.2001"), satorra_bentler_2010 = list(method = "satorra.bentler.2010"),
                 satorra_2000 = list(method = "satorra.2000", A.method = "exact", scaled.shifted = FALSE),
                 satorra_2000_shifted = list(method = "satorra.2000", A.method = "exact", scaled.shifted = TRUE))
difference <- function(name, restricted, free, scalings) {
  fits <- lapply(c(restricted, free), function(level) {
    call <- fromJSON(file.path(into, paste0(level, ".json")))$call
    fitted_by(call)
  })
  rows <- lapply(scalings, function(s) {
    test <- do.call(lavTestLRT, c(fits, SCALINGS[[s]]))
    data.frame(method = s, chisq_diff = as.numeric(test[2, "Chisq diff"]), df_diff = as.numeric(test[2, "Df diff"]), pvalue = as.numeric(test[2, "Pr(>Chisq)"]))
  })
  file_of(name, list(kind = json("difference"), restricted = json(restricted), free = json(free), tests = table_of(do.call(rbind, rows))))
}
case("mlr_marker_configural", H, three, estimator = "MLR", group = "school")
case("mlr_marker_metric", H, three, estimator = "MLR", group = "school", equal = "loadings")
case("mlm_marker_configural", H, three, estimator = "MLM", group = "school")
case("mlm_marker_metric", H, three, estimator = "MLM", group = "school", equal = "loadings")
both <- names(SCALINGS)[1:2]
for (stem in c("mlm_school", "mlr_school", "mlr_fiml_generation", "mlr_fiml_site")) {
  difference(paste0("difference_", stem, "_metric"), paste0(stem, "_metric"), paste0(stem, "_configural"), both[1])
  difference(paste0("difference_", stem, "_scalar"), paste0(stem, "_scalar"), paste0(stem, "_metric"), both[1])
  difference(paste0("difference_", stem, "_strict"), paste0(stem, "_strict"), paste0(stem, "_scalar"), if (stem == "mlm_school") names(SCALINGS) else both)
}
difference("difference_mlr_marker", "mlr_marker_metric", "mlr_marker_configural", both)
difference("difference_mlm_marker", "mlm_marker_metric", "mlm_marker_configural", both)

# Ninety people of whom 2001's scaling is negative; lavaan then has no test.
few <- function() { set.seed(5); DATA$offices.csv[sample(400, 90), c("i1", "i2", "i5", "i7")] }
DATA$few.csv <- stored("few.csv", few())
case("few", "few.csv", full, estimator = "MLR")
case("few_free", "few.csv", paste0(full, "\ni1 ~~ i5"), estimator = "MLR")
difference("difference_few", "few", "few_free", both[1])

# ---- score tests ---------------------------------------------------------------------------------------------------
score("score_fiml_generation_metric", O, two, missing = "fiml", group = "generation", std_lv = TRUE, equal = "loadings")
score("score_fiml_generation_strict", O, two, missing = "fiml", group = "generation", std_lv = TRUE, equal = LEVELS$strict)
score("score_fiml_site_scalar", O, two, missing = "fiml", group = "site", std_lv = TRUE, equal = scalar)
