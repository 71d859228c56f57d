// SPDX-License-Identifier: MIT
// Two CPUs store to the interrupt descriptor table at once, each to a gate of its own, again and again.

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "attack.h"

#define CPUS 2u

struct attacker {
	struct task_struct *thread;
	struct target target;
	unsigned int landed;
};

static struct attacker attackers[CPUS];
static atomic_t ready, done;

static void attack_once(struct attacker *self, u64 old, u64 new)
{
	unsigned long flags;

	local_irq_save(flags);
	store_mov(self->target.alias, new);
	if (read_bytes(self->target.idt) != old || read_bytes(self->target.alias) != old) {
		self->landed++;
		memcpy(self->target.alias, &old, sizeof(old));
	}
	local_irq_restore(flags);
}

static int attack_again_and_again(void *data)
{
	struct attacker *self = data;
	u64 old = read_bytes(self->target.idt), new = redirected(old);
	unsigned int i;

	atomic_inc(&ready);
	while (atomic_read(&ready) < CPUS)
		cpu_relax();
	for (i = 0; i < stores; i++)
		attack_once(self, old, new);
	atomic_inc(&done);

	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static int prepare(unsigned int cpu)
{
	struct attacker *self = &attackers[cpu];
	int error = target_map(&self->target, vector + cpu, 1, 0);

	if (error)
		return error;
	self->thread = kthread_create(attack_again_and_again, self, "attack/%u", cpu);
	if (IS_ERR(self->thread)) {
		target_unmap(&self->target);
		return PTR_ERR(self->thread);
	}
	kthread_bind(self->thread, cpu);
	return 0;
}

static void end(unsigned int count)
{
	unsigned int cpu;

	for (cpu = 0; cpu < count; cpu++) {
		kthread_stop(attackers[cpu].thread);
		target_unmap(&attackers[cpu].target);
	}
}

static int run(const char *name)
{
	unsigned int cpu, landed = 0;
	u64 old, new;
	int error;

	if (num_online_cpus() < CPUS || !cpu_online(CPUS - 1)) {
		pr_err("attack: %s needs %u CPUs\n", name, CPUS);
		return -ENODEV;
	}
	for (cpu = 0; cpu < CPUS; cpu++) {
		error = prepare(cpu);
		if (error) {
			end(cpu);
			return error;
		}
	}
	old = read_bytes(attackers[0].target.idt);
	new = redirected(old);
	pr_info("attack: what=%s rip=0x%lx old=%8phN new=%8phN vector=0x%x gpa=0x%llx alias=0x%lx cpus=%u stores=%u\n",
		name, (unsigned long)attack_mov_rip, &old, &new, vector, (u64)attackers[0].target.gpa,
		(unsigned long)attackers[0].target.alias, CPUS, stores);

	for (cpu = 0; cpu < CPUS; cpu++)
		wake_up_process(attackers[cpu].thread);
	while (atomic_read(&done) < CPUS)
		schedule_timeout_uninterruptible(1);
	for (cpu = 0; cpu < CPUS; cpu++) {
		pr_info("attack: cpu=%u vector=0x%x stores=%u landed=%u\n", cpu, vector + cpu, stores, attackers[cpu].landed);
		landed += attackers[cpu].landed;
	}
	end(CPUS);
	pr_info("attack: gate reads changed after %u of %u stores: write %s\n", landed, CPUS * stores, verdict(!landed));
	return 0;
}

const struct kind both_kinds[] = { { "both", run }, { } };
