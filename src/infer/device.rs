//! Where networks run, and whether they can.

#[cfg(feature = "cuda")]
use crate::backend::Cuda;
#[cfg(feature = "gpu")]
use crate::backend::{Cpu, ScoreBackend};

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

/// Why a GPU cannot be used here, in words; `Ok` where it can.
///
/// burn panics at the first use of a GPU that is not there, and gives wrong numbers where a kernel cannot be compiled for
/// one that is; so the driver is looked for first, and then asked to compute.
pub fn probe_cuda() -> Result<(), String> {
    if !cfg!(feature = "cuda") {
        return Err("this `sbi` was built without CUDA; build it with `--features cuda`".to_owned());
    }
    let drivers = ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"];
    if !drivers.iter().any(|path| std::path::Path::new(path).exists()) {
        return Err("no NVIDIA driver was found on this machine".to_owned());
    }
    #[cfg(feature = "cuda")]
    if !computes::<Cuda>() {
        return Err(
            "the NVIDIA GPU does not compute: are CUDA's libnvrtc and headers installed (`CUDA_PATH`)?"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether a small computation with the network's kernels gives there what it gives on the processor.
#[cfg(feature = "gpu")]
pub(crate) fn computes<B: ScoreBackend>() -> bool {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = std::panic::catch_unwind(sample::<B>);
    std::panic::set_hook(hook);
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-2;
    found.is_ok_and(|found| found.iter().zip(&sample::<Cpu>()).all(close))
}

/// Attention of normalised numbers.
#[cfg(feature = "gpu")]
fn sample<B: ScoreBackend>() -> Vec<f32> {
    use crate::network::{masked_attention, normalise};
    use burn::tensor::{Bool, Tensor, TensorData};
    let (tokens, heads, device) = (5, 2, B::Device::default());
    let numbers: Vec<f32> = (0..tokens * 3 * heads * 4).map(|at| (at as f32).sin()).collect();
    let qkv = Tensor::<B, 2>::from_data(TensorData::new(numbers, [tokens, 3 * heads * 4]), &device);
    let mask: Vec<bool> = (0..tokens * tokens).map(|at| at % 3 != 1).collect();
    let mask = Tensor::<B, 4, Bool>::from_data(TensorData::new(mask, [1, 1, tokens, tokens]), &device);
    let seen = masked_attention(normalise(qkv), mask, heads);
    seen.into_data().into_vec().unwrap_or_default()
}
