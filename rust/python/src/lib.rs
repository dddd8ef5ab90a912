//! The extension module `hasten._core`: conversion between Python and `hasten-core`, no algorithm.

mod call;
mod errors;
mod labels;
mod ranking_aggregate;

use pyo3::prelude::*;

/// Add a submodule and enter it in `sys.modules`, so that it can be imported by its full name.
fn add_submodule(
    parent: &Bound<'_, PyModule>,
    name: &str,
    fill: impl FnOnce(&Bound<'_, PyModule>) -> PyResult<()>,
) -> PyResult<()> {
    let py = parent.py();
    let full_name = format!("hasten._core.{name}");
    let module = PyModule::new(py, &full_name)?;
    fill(&module)?;
    parent.add(name, &module)?;
    py.import("sys")?.getattr("modules")?.set_item(full_name, module)
}

#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::add_submodule(module, "labels", super::labels::register)?;
        super::add_submodule(module, "ranking", super::ranking_aggregate::register)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
