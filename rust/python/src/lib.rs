//! The extension module `hasten._core`: conversion between Python and `hasten-core`, no algorithm.

#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]

mod arrays;
mod call;
mod compiled;
mod cuda;
mod errors;
mod labels;
mod ot;
mod progress;
mod qmc;
mod quadrature;
mod random;
mod ranking;
mod simd;
mod solution;
mod testing;
mod threads;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    #[pymodule_export]
    use crate::cuda::cuda_source;
    #[pymodule_export]
    use crate::labels::labels;
    #[pymodule_export]
    use crate::ot::ot;
    #[pymodule_export]
    use crate::progress::Info;
    #[pymodule_export]
    use crate::qmc::qmc;
    #[pymodule_export]
    use crate::quadrature::quadrature;
    #[pymodule_export]
    use crate::random::random;
    #[pymodule_export]
    use crate::ranking::ranking;
    #[pymodule_export]
    use crate::simd::simd_hooks;
    #[pymodule_export]
    use crate::testing::testing;
    #[pymodule_export]
    use crate::threads::threads;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // `import hasten._core.threads` and stub tests look submodules up by their full name.
        let modules = module.py().import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
        for (name, member) in module.dict() {
            if let Ok(submodule) = member.cast::<PyModule>() {
                let name = format!("hasten._core.{name}");
                submodule.setattr("__name__", &name)?;
                modules.set_item(name, submodule)?;
            }
        }
        Ok(())
    }
}
