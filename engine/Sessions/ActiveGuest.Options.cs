using System;
using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Policy;
using Engine.Protection;

namespace Engine.Sessions;

/// <content>Options, from the first ones to none at the end.</content>
internal sealed unsafe partial class ActiveGuest
{
    /// <summary>
    /// Guards what other options name from now on, and no more what they do not (IntGuestUpdateCoreOptions). For exits, which go on, all
    /// of it changes at one moment. Options that are not built are left out.
    /// </summary>
    public void UpdateOptions(GuestOptions options)
    {
        _asked = _asked with { Options = options };
        OptionSet before = _policy.InForce;
        if (_asked == before)
            return;

        Apply(_asked);
        Hypervisor.Log.Write(IgLogLevel.Info, $"options changed from {(ulong)before.Options:x} to {(ulong)options:x}");
        foreach (ProtectionReport report in Reports)
            LogReport(report);
    }

    /// <summary>Brings everything in step with a set of options. By one thread at a time.</summary>
    private void Apply(OptionSet options)
    {
        // Exits may come from the first hook on: what is read here is read under a claim.
        ulong* cell = _claims.TryClaimLife();
        try
        {
            if (options != OptionSet.None)
            {
                // What is there already stays; hooks of what is new mean nothing yet.
                ProtectionStart start = new(_vcpus, _registerAccess.ReadAll());
                OptionSet both = options.With(_policy.InForce);
                foreach (IProtection protection in _protections)
                    protection.Start(both, in start);
            }

            _policy.InForce = options;
            foreach (IProtection protection in _protections)
                protection.Stop(options);
        }
        finally
        {
            if (cell != null)
                ClaimTable.Release(cell);
        }

        if (Quiesce())
            Array.ForEach(_protections, protection => protection.Forget());

        List<ProtectionReport> reports = [];
        foreach (IProtection protection in _protections)
            protection.Report(options, reports);
        Volatile.Write(ref _reports, reports);
        if (_watch.IsEmpty)
            _timer.Remove(_watch);
        else
            _timer.Add(_watch);
    }
}
