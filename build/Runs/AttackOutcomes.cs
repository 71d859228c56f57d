using System.Collections.Generic;
using System.Linq;

namespace Build.Runs;

/// <summary>Puts together what belongs to one attack.</summary>
public static class AttackOutcomes
{
    /// <summary>In the order of the announcements. The lines of the guest keep their order, those of the plug-in may come late.</summary>
    public static IReadOnlyList<AttackOutcome> From(IEnumerable<string> guestLines, IReadOnlyList<Alert> alerts)
    {
        List<AttackOutcome> outcomes = [];
        foreach (string line in guestLines)
        {
            if (AttackLine.Parse(line) is { } attack)
                outcomes.Add(new AttackOutcome(attack, Reading: null, alerts.FirstOrDefault(a => a.IsAbout(attack))));
            else if (AttackReading.Parse(line) is { } reading && outcomes.Count > 0 && outcomes[^1].Reading is null)
                outcomes[^1] = outcomes[^1] with { Reading = reading };
        }

        return outcomes;
    }
}
