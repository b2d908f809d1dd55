//! The settings that both clients share.

use std::collections::HashSet;
use std::sync::Arc;

use volcv_core::http::Uri;
use volcv_core::types::{CvRequest, InvalidInput, Outpaint, Value};
use volcv_core::{ApiKey, Batch, Buffer, Call, CallConfig, Endpoint, Error, Plan};

use crate::options::CallOptions;

/// What an error of a failed connection to this URL, or of an unusable base URL, says of proxies.
pub(crate) type Hint = Arc<dyn Fn(Option<&Uri>) -> String + Send + Sync>;

/// Endpoint, key, limits and policies of a client.
pub(crate) struct Setup {
    pub(crate) endpoint: Endpoint,
    pub(crate) key: ApiKey,
    pub(crate) config: CallConfig,
    pub(crate) hint: Hint,
    pub(crate) max_concurrent: usize,
}

impl Setup {
    pub(crate) fn plan(&self, outpaint: &Outpaint) -> Result<Plan, Error> {
        Plan::outpaint(outpaint, &self.endpoint, &self.key)
    }

    pub(crate) fn plan_call(&self, request: CvRequest) -> Result<Plan, Error> {
        Plan::call(request, &self.endpoint, &self.key)
    }

    pub(crate) fn plan_download(&self, link: &str) -> Result<Plan, Error> {
        Plan::download(link, &self.endpoint)
    }

    pub(crate) fn buffer(&self, bytes: usize) -> Buffer {
        Buffer::with_pool(bytes, &self.config.pool)
    }

    pub(crate) fn start(&self, plan: Plan, options: &CallOptions) -> Call {
        let config = self.config_for(&plan, options);
        Call::new(plan, config).observed_by(options.observer.clone())
    }

    pub(crate) fn batch(&self, outpaint: &Outpaint, seeds: &[i64], options: &CallOptions) -> Result<Batch, Error> {
        self.check_seeds(outpaint, seeds)?;
        let plan = self.plan(outpaint)?;
        let config = self.config_for(&plan, options);
        Ok(Batch::of_seeds(&plan, seeds, self.max_concurrent, &config, options.observer.clone()))
    }

    /// Every seed is checked, not only the first. Two calls with the same seed would buy the same picture twice; with -1
    /// the service takes a random seed each time.
    pub(crate) fn check_seeds(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<(), Error> {
        let mut earlier = HashSet::new();
        for seed in seeds {
            outpaint.clone().seed(*seed).request()?;
            if *seed != -1 && !earlier.insert(seed) {
                let value = format!("{seed} more than once");
                return Err(InvalidInput::new("seed", value, "different in each call of a batch, or -1").into());
            }
        }
        Ok(())
    }

    pub(crate) fn preview_variants(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        self.check_seeds(outpaint, seeds)?;
        let plan = self.plan(outpaint)?;
        Ok(seeds.iter().map(|seed| plan.with_seed(*seed).preview()).collect())
    }

    pub(crate) fn config_for(&self, plan: &Plan, options: &CallOptions) -> CallConfig {
        let mut config = self.config.clone();
        config.hint = (self.hint)(Some(plan.uri()));
        config.limits.deadline = options.deadline.or(config.limits.deadline);
        config
    }
}
