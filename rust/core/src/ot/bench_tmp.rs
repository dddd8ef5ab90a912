use std::time::Instant;
use crate::parallel::Team;
use crate::pairs::*;
use super::log_pass::*;
use super::scaling_pass::*;
#[test]
fn bench() {
    for n in [1000usize, 4000] {
        let c: Vec<f64> = (0..n*n).map(|i| ((i as u64).wrapping_mul(6364136223846793005) >> 40) as f64 / (1u64<<24) as f64).collect();
        let c32: Vec<f32> = c.iter().map(|&x| x as f32).collect();
        let m = Matrix::new("cost", &c, (n,n)).unwrap();
        let m32 = Matrix::new("cost", &c32, (n,n)).unwrap();
        let a = vec![1.0/n as f64; n];
        let psi: Vec<f64> = vec![(1.0/n as f64).ln(); n];
        let team = Team::sequential();
        let ck = || Ok(());
        let mut alpha = vec![0.0; n]; let mut w = vec![0.0; n];
        let reps = 20000000/(n*n)+3;
        let t=Instant::now(); let mut s=0.0; for _ in 0..reps { s += crate::simd::dot(&c, &c[..]) } let read=t.elapsed().as_secs_f64()/reps as f64;
        println!("n={n} dot(c,c) {:.3} ns/entry {s}", read*1e9/(n*n) as f64);
        macro_rules! lp { ($v:expr, $e:ty, $name:literal) => {{
            let mut p = LogPass::<_, $e>::new($v, &a).unwrap();
            p.run(&team,&ck,0.05,&psi,RowRule::PLAIN,&mut alpha,&mut w).unwrap();
            let t=Instant::now(); for _ in 0..reps { p.run(&team,&ck,0.05,&psi,RowRule::PLAIN,&mut alpha,&mut w).unwrap(); }
            println!("  log {} {:.3} ns/entry", $name, t.elapsed().as_secs_f64()/reps as f64*1e9/(n*n) as f64);
        }}}
        lp!(&m, f64, "f64"); lp!(&m, f32, "f64/e32"); lp!(&m32, f32, "f32");
        let pts = Points::<f64>::new(&c[..2*n], &c[2*n..4*n], 2, Metric::SquaredEuclidean).unwrap();
        lp!(&pts, f64, "pts2 f64"); lp!(&pts, f32, "pts2 /e32");
        let pts = Points::<f32>::new(&c[..2*n], &c[2*n..4*n], 2, Metric::SquaredEuclidean).unwrap();
        lp!(&pts, f32, "pts2 f32");
        macro_rules! sp { ($e:ty, $name:literal) => {{
            let mut k = Kernels::<$e>::new(n,n).unwrap();
            for (x,&y) in k.entries.iter_mut().zip(&c) { *x = y as $e; }
            let v: Vec<$e> = vec![1.0; n]; let mut u = vec![1.0; n];
            k.run(&team,&ck,&a,&v,1.0,&mut u,&mut w).unwrap();
            let t=Instant::now(); for _ in 0..reps { k.run(&team,&ck,&a,&v,1.0,&mut u,&mut w).unwrap(); }
            println!("  scaling {} {:.3} ns/entry", $name, t.elapsed().as_secs_f64()/reps as f64*1e9/(n*n) as f64);
        }}}
        sp!(f64,"f64"); sp!(f32,"f32");
    }
}
