using System;
using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Bench;

/// <summary>
/// Measures inside the engine, in the JIT: <c>Bench --filter '*'</c> and whatever else BenchmarkDotNet takes. <c>Bench memory</c>
/// prints the bytes that a hook takes.
/// </summary>
public static class Program
{
    public static int Main(string[] args)
    {
        if (args is ["memory"])
        {
            Console.WriteLine("hook_bytes " + HookMemory.BytesPerHook().ToString("F1", CultureInfo.InvariantCulture));
            Console.WriteLine("linear_hook_bytes " + HookMemory.BytesPerLinearHook().ToString("F1", CultureInfo.InvariantCulture));
            return 0;
        }

        // In the process: a benchmark project of its own would have to be restored and compiled for each run.
        Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(3).WithIterationCount(9).WithIterationTime(TimeInterval.FromMilliseconds(100));
        IConfig config = DefaultConfig.Instance.AddJob(job).WithOptions(ConfigOptions.DisableLogFile);
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
        return 0;
    }
}
