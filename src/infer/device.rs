//! Where networks run, and whether they can.

#[cfg(feature = "cuda")]
use crate::backend::Cuda;
#[cfg(any(feature = "cuda", all(test, feature = "gpu")))]
use crate::backend::{Cpu, ScoreBackend};
use std::sync::OnceLock;

/// Where networks are trained and drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// The processor, through the fused kernel.
    Cpu,
    /// The first NVIDIA GPU.
    Cuda,
    /// What wgpu takes for the best, to test on machines without a GPU what GPUs share.
    #[cfg(feature = "wgpu")]
    Wgpu,
}

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Where networks run.
    pub device: Device,
    /// Threads on the CPU; results do not depend on it.
    pub threads: usize,
}

impl Machine {
    /// How many networks work side by side on one question, and on how many threads each. On the processor each thread has one of its
    /// own, so that none waits for others between steps.
    pub(crate) fn workers(&self) -> (usize, usize) {
        match self.device {
            Device::Cpu => (self.threads.max(1), 1),
            _ => (1, self.threads),
        }
    }
}

/// Returns what work comes to on the backend `$B` of a device, or what `$refused` makes of why the device cannot be used.
macro_rules! on_device {
    ($device:expr, $refused:expr, $B:ident => $work:expr) => {
        match $device {
            $crate::Device::Cpu => {
                type $B = $crate::backend::Cpu;
                $work
            }
            $crate::Device::Cuda => {
                $crate::probe_cuda().map_err($refused)?;
                #[cfg(feature = "cuda")]
                {
                    type $B = $crate::backend::Cuda;
                    $work
                }
                #[cfg(not(feature = "cuda"))]
                unreachable!("without CUDA the probe fails")
            }
            #[cfg(feature = "wgpu")]
            $crate::Device::Wgpu => {
                type $B = $crate::backend::Wgpu;
                $work
            }
        }
    };
}
pub(crate) use on_device;

/// Why a GPU cannot be used here, in words; `Ok` where it can. Found out once.
pub fn probe_cuda() -> Result<(), String> {
    static FOUND: OnceLock<Result<(), String>> = OnceLock::new();
    FOUND.get_or_init(look_for_cuda).clone()
}

/// burn panics at the first use of a GPU that is not there, and gives wrong numbers where a kernel cannot be compiled for
/// one that is; so the driver is looked for first, and then the GPU asked to compute.
fn look_for_cuda() -> Result<(), String> {
    if !cfg!(feature = "cuda") {
        return Err("this `sbi` was built without CUDA; build it with `--features cuda`".to_owned());
    }
    find_driver()?;
    #[cfg(feature = "cuda")]
    computes::<Cuda>().map_err(|why| {
        format!("the NVIDIA GPU does not compute ({why}); CUDA's libnvrtc and headers must be installed, see `CUDA_PATH`")
    })?;
    Ok(())
}

/// Whether there is a driver, or that there is none, in words.
pub(crate) fn find_driver() -> Result<(), String> {
    let drivers = ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"];
    match drivers.iter().any(|path| std::path::Path::new(path).exists()) {
        true => Ok(()),
        false => Err("no NVIDIA driver was found on this machine".to_owned()),
    }
}

/// Whether a small computation with the network's operations gives there what it gives on the processor, or why not.
#[cfg(any(feature = "cuda", all(test, feature = "gpu")))]
pub(crate) fn computes<B: ScoreBackend>() -> Result<(), String> {
    // What a panic says is part of the answer.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = std::panic::catch_unwind(sample::<B>);
    std::panic::set_hook(hook);
    let found = found.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref().cloned()).unwrap_or_else(|| "it gave up".to_owned())
    })?;
    let expected = sample::<Cpu>();
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-2;
    match found.len() == expected.len() && found.iter().zip(&expected).all(close) {
        true => Ok(()),
        false => Err("its numbers are wrong".to_owned()),
    }
}

/// Attention of normalised products.
#[cfg(any(feature = "cuda", all(test, feature = "gpu")))]
fn sample<B: ScoreBackend>() -> Vec<f32> {
    use crate::network::{masked_attention, normalise};
    use burn::tensor::{Bool, Tensor, TensorData};
    let (tokens, heads, wide, device) = (5, 2, 24, B::Device::default());
    let matrix = |rows: usize, columns: usize| {
        let numbers: Vec<f32> = (0..rows * columns).map(|at| (at as f32).sin()).collect();
        Tensor::<B, 2>::from_data(TensorData::new(numbers, [rows, columns]), &device)
    };
    let mask: Vec<bool> = (0..tokens * tokens).map(|at| at % 3 != 1).collect();
    let mask = Tensor::<B, 4, Bool>::from_data(TensorData::new(mask, [1, 1, tokens, tokens]), &device);
    let seen = masked_attention(normalise(matrix(tokens, wide).matmul(matrix(wide, wide))), mask, heads);
    seen.into_data().into_vec().unwrap_or_default()
}
